/* Prints SIZE pseudo-random numbers of 64 bits in decimal, a line each. */
#include "output.h"

int main(void) {
    unsigned long x = 1;
    for (unsigned long left = SIZE; left != 0; left--) {
        /* Knuth's MMIX generator */
        x = x * 6364136223846793005 + 1442695040888963407;
        print_line(x);
    }
    flush();
}
