/* Runs ej_main as often as the first argument says, with the others as its arguments, and prints
   its value. Two runs that differ by one execution show what one costs. */
#include <stdio.h>
#include <stdlib.h>

typedef long long i64;

i64 ej_main(i64 x, i64 y);

int main(int count, char **arguments) {
    i64 x = count > 2 ? atoll(arguments[2]) : 3, y = count > 3 ? atoll(arguments[3]) : 4;
    i64 result = 0;
    for (int i = atoi(arguments[1]); i > 0; i--) result = ej_main(x, y);
    fprintf(stdout, "%lld\n", result);
    return 0;
}
