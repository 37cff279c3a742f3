typedef long long i64;

i64 ej_main(i64 n) {
    i64 sum = 1;
    for (i64 i = 0; i < n; i = i + 1)
        for (i64 j = 0; j < n; j = j + 1)
            for (i64 k = 0; k < n; k = k + 1)
                sum = sum * 3 + (i - j) * k;
    return sum;
}
