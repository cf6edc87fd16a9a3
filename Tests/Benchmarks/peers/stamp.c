// A task that returns when it began: CLOCK_REALTIME in nanoseconds.

#include <stdio.h>
#include <time.h>

int main(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    printf("%lld\n", time.tv_sec * 1000000000LL + time.tv_nsec);
    return 0;
}
