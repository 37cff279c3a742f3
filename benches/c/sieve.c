/* The sieve of Eratosthenes with a byte for each number below SIZE, twice: how many primes there are,
   and their sum. */
#include "output.h"

#define ROUNDS 2

static unsigned char composite[SIZE];

int main(void) {
    unsigned long count, sum;
    for (unsigned long round = 0; round < ROUNDS; round++) {
        count = 0;
        sum = 0;
        for (unsigned long n = 0; n < SIZE; n++)
            composite[n] = 0;
        for (unsigned long n = 2; n < SIZE; n++) {
            if (composite[n])
                continue;
            count++;
            sum += n;
            for (unsigned long multiple = 2 * n; multiple < SIZE; multiple += n)
                composite[multiple] = 1;
        }
    }
    print_line(count);
    print_line(sum);
    flush();
}
