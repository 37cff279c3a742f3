typedef long long i64;

__attribute__((noinline)) i64 fib(i64 n) {
    if (n < 2) return n;
    return fib(n - 1) + fib(n - 2);
}

i64 ej_main(i64 n) { return fib(n); }
