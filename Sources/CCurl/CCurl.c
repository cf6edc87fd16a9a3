#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// The library's functions, once it is loaded.
static struct {
    int (*global_init)(long);
    void *(*easy_init)(void);
    void (*easy_cleanup)(void *);
    void (*easy_reset)(void *);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_getinfo)(void *, int, ...);
    int (*easy_perform)(void *);
    const char *(*easy_strerror)(int);
    void *(*slist_append)(void *, const char *);
    void (*slist_free_all)(void *);
} curl;

static int loaded = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // The same library, built upon one TLS library or another.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4", "libcurl.so"};
    void *library = 0;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    struct {
        void **function;
        const char *name;
    } wanted[] = {
        {(void **)&curl.global_init, "curl_global_init"},     {(void **)&curl.easy_init, "curl_easy_init"},
        {(void **)&curl.easy_cleanup, "curl_easy_cleanup"},   {(void **)&curl.easy_reset, "curl_easy_reset"},
        {(void **)&curl.easy_setopt, "curl_easy_setopt"},     {(void **)&curl.easy_getinfo, "curl_easy_getinfo"},
        {(void **)&curl.easy_perform, "curl_easy_perform"},   {(void **)&curl.easy_strerror, "curl_easy_strerror"},
        {(void **)&curl.slist_append, "curl_slist_append"},   {(void **)&curl.slist_free_all, "curl_slist_free_all"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!(*wanted[i].function = dlsym(library, wanted[i].name))) return;
    loaded = curl.global_init(3 /* CURL_GLOBAL_ALL */);
}

int celery_curl_load(void) {
    pthread_once(&once, load);
    return loaded;
}

void *celery_curl_open(void) { return curl.easy_init(); }
void celery_curl_close(void *handle) { curl.easy_cleanup(handle); }
void celery_curl_reset(void *handle) { curl.easy_reset(handle); }

int celery_curl_set_text(void *handle, int option, const char *value) { return curl.easy_setopt(handle, option, value); }
int celery_curl_set_number(void *handle, int option, long value) { return curl.easy_setopt(handle, option, value); }

// CURLOPT_WRITEFUNCTION: anything but `size * count` ends the transfer.
static size_t receive(char *bytes, size_t size, size_t count, void *context) {
    struct celery_curl_answer *answer = context;
    size_t more = size * count;
    if (more > answer->limit - answer->count) return 0;
    char *grown = realloc(answer->bytes, answer->count + more + 1);
    if (!grown) return 0;
    memcpy(grown + answer->count, bytes, more);
    answer->bytes = grown;
    answer->count += more;
    return more;
}

int celery_curl_perform(
    void *handle, const char *const *headers, size_t count, struct celery_curl_answer *answer, char *problem) {
    void *list = 0;
    for (size_t i = 0; i < count; i++) {
        void *longer = curl.slist_append(list, headers[i]);
        if (!longer) {
            curl.slist_free_all(list);
            return 27; /* CURLE_OUT_OF_MEMORY */
        }
        list = longer;
    }
    problem[0] = 0;
    curl.easy_setopt(handle, 10010 /* CURLOPT_ERRORBUFFER */, problem);
    curl.easy_setopt(handle, 10023 /* CURLOPT_HTTPHEADER */, list);
    curl.easy_setopt(handle, 20011 /* CURLOPT_WRITEFUNCTION */, receive);
    curl.easy_setopt(handle, 10001 /* CURLOPT_WRITEDATA */, answer);
    int code = curl.easy_perform(handle);
    curl.easy_setopt(handle, 10010, (char *)0);
    curl.easy_setopt(handle, 10023, (void *)0);
    curl.slist_free_all(list);
    return code;
}

long celery_curl_status(void *handle) {
    long status = 0;
    curl.easy_getinfo(handle, 0x200002 /* CURLINFO_RESPONSE_CODE */, &status);
    return status;
}

const char *celery_curl_meaning(int code) { return curl.easy_strerror(code); }
