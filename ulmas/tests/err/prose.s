This is a program that prints Hello World.
Dear tutor, I don't know why it doesn't work!

        We tried (hard) to find out; but to no avail.
  1. First it loads the address of the string.
  2. Then it prints "hello".
* an item
- another item
int main(void) {
    printf("hello\n");
    return 0;
}
        halt    0
