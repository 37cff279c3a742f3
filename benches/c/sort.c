/* Heapsort of SIZE pseudo-random unsigned numbers of 64 bits: how many neighbours are out of order
   afterwards (none), and a checksum that depends on the order. */
#include "output.h"

static unsigned long array[SIZE];

/* Puts the number at root where it belongs in the heap before end. */
static void sift(unsigned long root, unsigned long end) {
    unsigned long value = array[root];
    for (;;) {
        unsigned long child = 2 * root + 1;
        if (child >= end)
            break;
        unsigned long greater = array[child];
        unsigned long right = child + 1;
        if (right < end && array[right] > greater) {
            greater = array[right];
            child = right;
        }
        if (greater <= value)
            break;
        array[root] = greater;
        root = child;
    }
    array[root] = value;
}

int main(void) {
    unsigned long x = 1;
    for (unsigned long i = 0; i < SIZE; i++) {
        /* Knuth's MMIX generator */
        x = x * 6364136223846793005 + 1442695040888963407;
        array[i] = x;
    }
    for (unsigned long root = SIZE / 2; root != 0; root--)
        sift(root - 1, SIZE);
    for (unsigned long end = SIZE - 1; end != 0; end--) {
        unsigned long greatest = array[0];
        array[0] = array[end];
        array[end] = greatest;
        sift(0, end);
    }

    unsigned long disorder = 0, sum = 0, previous = 0;
    for (unsigned long i = 0; i < SIZE; i++) {
        if (array[i] < previous)
            disorder++;
        sum = sum * 31 + array[i];
        previous = array[i];
    }
    print_line(disorder);
    print_line(sum);
    flush();
}
