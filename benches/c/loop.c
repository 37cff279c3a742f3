/* Two counting loops in each other, SIZE times SIZE, with a sum that no closed form gives. */
#include "output.h"

int main(void) {
    unsigned long sum = 0;
    for (unsigned long i = 0; i < SIZE; i++)
        for (unsigned long j = 0; j < SIZE; j++)
            sum += i & j;
    print_line(sum);
    flush();
}
