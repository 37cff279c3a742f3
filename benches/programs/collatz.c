typedef long long i64;

__attribute__((noinline)) i64 steps(i64 n) {
    i64 count = 0;
    while (n != 1) {
        if (n % 2 == 0) n = n / 2;
        else n = 3 * n + 1;
        count = count + 1;
    }
    return count;
}

i64 ej_main(i64 n) {
    i64 best = 0;
    for (i64 start = 1; start < n; start = start + 1) {
        i64 length = steps(start);
        if (length > best) best = length;
    }
    return best;
}
