/* Executes ej_main as often as the first argument says, with those behind the second as its own.
   Prints the value; if the second argument is "time", instead the seconds of each execution. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef long long i64;

i64 ej_main(i64 x, i64 y);

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    i64 x = count > 3 ? atoll(arguments[3]) : 0, y = count > 4 ? atoll(arguments[4]) : 0;
    int timed = count > 2 && !strcmp(arguments[2], "time");
    i64 result = 0;
    for (int i = atoi(arguments[1]); i > 0; i--) {
        double start = timed ? seconds() : 0;
        result = ej_main(x, y);
        if (timed) printf("%.9f\n", seconds() - start);
    }
    if (!timed) printf("%lld\n", result);
    return 0;
}
