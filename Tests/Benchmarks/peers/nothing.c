// What starting and ending any process costs.

int main(void) { return 0; }
