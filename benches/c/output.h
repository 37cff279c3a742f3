/* What the programs in C print with: the same steps as print_number in the programs for the ULM, into
   a buffer, as cheap as output can be. */
#include <unistd.h>

static char output[1 << 16];
static unsigned long output_length;

/* Writes what is in the buffer. */
static inline void flush(void) {
    unsigned long done = 0;
    while (done < output_length) {
        long written = write(1, output + done, output_length - done);
        if (written <= 0)
            _exit(1);
        done += written;
    }
    output_length = 0;
}

static inline void put(char c) {
    if (output_length == sizeof output)
        flush();
    output[output_length++] = c;
}

static void print_number(unsigned long number) {
    char digits[21];
    char *digit = digits + 20;
    *digit = 0;
    do {
        *--digit = '0' + number % 10;
        number /= 10;
    } while (number != 0);
    do
        put(*digit++);
    while (*digit != 0);
}

static inline void print_line(unsigned long number) {
    print_number(number);
    put('\n');
}
