/* The longest Collatz sequence that begins below SIZE: its first number, and its steps. */
#include "output.h"

int main(void) {
    unsigned long best = 0, best_start = 1;
    for (unsigned long start = 2; start < SIZE; start++) {
        unsigned long n = start, steps = 0;
        do {
            if (n % 2 == 0)
                n = n / 2;
            else
                n = 3 * n + 1;
            steps++;
        } while (n != 1);
        if (steps > best) {
            best = steps;
            best_start = start;
        }
    }
    print_line(best_start);
    print_line(best);
    flush();
}
