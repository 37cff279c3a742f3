typedef long long i64;

__attribute__((noinline)) i64 gcd(i64 a, i64 b) {
    while (b != 0) {
        i64 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

i64 ej_main(i64 n) {
    i64 sum = 0;
    for (i64 a = 1; a <= n; a = a + 1)
        for (i64 b = 1; b <= n; b = b + 1)
            sum = sum + gcd(a, b);
    return sum;
}
