/* Compiles a C file in memory with libtcc, again and again: tcc FILE REPETITIONS.
   Prints the milliseconds of each, from the text to code that could be called. */
#include <libtcc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static char *contents(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(1);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *text = malloc(length + 1);
    if (fread(text, 1, length, file) != (size_t)length) exit(1);
    text[length] = 0;
    fclose(file);
    return text;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    char *text = contents(arguments[1]);
    for (int i = atoi(arguments[2]); i > 0; i--) {
        double start = milliseconds();
        TCCState *state = tcc_new();
        tcc_set_options(state, "-nostdlib");
        tcc_set_output_type(state, TCC_OUTPUT_MEMORY);
        if (tcc_compile_string(state, text)) return 1;
        int size = tcc_relocate(state, NULL);
        void *memory = malloc(size);
        if (tcc_relocate(state, memory) || !tcc_get_symbol(state, "ej_main")) return 1;
        printf("%.4f\n", milliseconds() - start);
        tcc_delete(state);
        free(memory);
    }
    return 0;
}
