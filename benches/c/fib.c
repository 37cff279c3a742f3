/* The Fibonacci number of SIZE by a function that calls itself twice. */
#include "output.h"

static unsigned long fib(unsigned long n) {
    if (n < 2)
        return n;
    return fib(n - 1) + fib(n - 2);
}

int main(void) {
    print_line(fib(SIZE));
    flush();
}
