/* Calls the main of a program that there is in emjay, too, with the argument SIZE, and prints its
   value as the program on the ULM does. */
#include <stdio.h>

long long ej_main(long long n);

int main(void) {
    printf("%lld\n", ej_main(SIZE));
}
