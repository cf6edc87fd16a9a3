// Times commands in turn: one round runs each of them once.
//
//     timer ROUNDS -- COMMAND [WORD]... -- COMMAND [WORD]...
//
// Prints for each round a line with the nanoseconds of each command, from before
// posix_spawn(3) until wait4(2) has it. stdin and stdout of the commands are /dev/null.

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { most = 16 };

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Returns how long the command took; ends the program when it failed.
static long long run(char **words, const posix_spawn_file_actions_t *actions) {
    pid_t child;
    int status;
    struct rusage usage;
    long long began = now();
    int error = posix_spawnp(&child, words[0], actions, NULL, words, environ);
    if (error != 0) {
        fprintf(stderr, "timer: cannot start %s: %s\n", words[0], strerror(error));
        exit(1);
    }
    if (wait4(child, &status, 0, &usage) < 0) {
        perror("timer: wait4");
        exit(1);
    }
    long long took = now() - began;
    if (status != 0) {
        fprintf(stderr, "timer: %s ended with wait status 0x%x\n", words[0], status);
        exit(1);
    }
    return took;
}

int main(int count, char **words) {
    char **commands[most];
    int number = 0;
    for (int i = 2; i < count; i++) {
        if (strcmp(words[i], "--") != 0) continue;
        words[i] = NULL;
        if (number < most && i + 1 < count) commands[number++] = &words[i + 1];
    }
    int rounds = count > 1 ? atoi(words[1]) : 0;
    if (rounds < 1 || number < 1) {
        fputs("usage: timer ROUNDS -- COMMAND [WORD]... [-- COMMAND [WORD]...]...\n", stderr);
        return 64;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    // The first rounds find nothing in the caches and do not count.
    for (int round = -3; round < rounds; round++) {
        for (int i = 0; i < number; i++) {
            long long took = run(commands[i], &actions);
            if (round >= 0) printf("%lld%c", took, i + 1 < number ? '\t' : '\n');
        }
    }
    return 0;
}
