#include "CCrypt.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char *(*crypt_r)(const char *password, const char *setting, void *data);
static const char *problem = "not loaded";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static const char *const names[] = {"libcrypt.so.1", "libcrypt.so.2"};
    void *library = 0;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (library) crypt_r = (char *(*)(const char *, const char *, void *))dlsym(library, "crypt_r");
    problem = crypt_r ? 0 : dlerror();
}

const char *celery_crypt_load(void) {
    pthread_once(&once, load);
    return problem;
}

// struct crypt_data: 32 KiB in libxcrypt, 128 KiB in old glibc.
enum { ROOM = 256 << 10 };

int celery_crypt(const char *password, const char *setting, char *hash) {
    char *data = calloc(1, ROOM);
    if (!data) return 0;
    const char *made = crypt_r(password, setting, data);
    // Instead of NULL, a failure may be a text that begins with an asterisk.
    int is_made = made && made[0] != '*' && strlen(made) < CELERY_CRYPT_ROOM;
    if (is_made) strcpy(hash, made);
    explicit_bzero(data, ROOM);
    free(data);
    return is_made;
}
