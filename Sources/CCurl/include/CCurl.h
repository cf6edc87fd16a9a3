// libcurl, loaded when it is first needed: linking it would make every command start slower, and ask for
// it on machines where nobody uses HTTP. Nothing of its headers is needed to build; the numbers below are
// part of its binary interface and never change.
#ifndef CELERY_CCURL_H
#define CELERY_CCURL_H
#include <stddef.h>

/// CURLoption, those in use.
enum {
    CELERY_CURL_TIMEOUT_MS = 155,
    CELERY_CURL_CONNECT_TIMEOUT_MS = 156,
    CELERY_CURL_NO_SIGNAL = 99,
    CELERY_CURL_POST_FIELD_SIZE = 60,
    CELERY_CURL_HTTP_AUTH = 107,
    CELERY_CURL_PATH_AS_IS = 234,
    CELERY_CURL_PROTOCOLS = 181,
    CELERY_CURL_URL = 10002,
    CELERY_CURL_POST_FIELDS = 10015,
    CELERY_CURL_USER_AGENT = 10018,
    CELERY_CURL_CUSTOM_REQUEST = 10036,
    CELERY_CURL_CA_FILE = 10065,
    CELERY_CURL_USER_NAME = 10173,
    CELERY_CURL_PASSWORD = 10174,
};

/// CURLcode, those that mean something to us.
enum {
    CELERY_CURL_DONE = 0,
    CELERY_CURL_UNSUPPORTED_PROTOCOL = 1,
    CELERY_CURL_BAD_URL = 3,
    CELERY_CURL_STRANGE_ANSWER = 8,
    CELERY_CURL_TIMED_OUT = 28,
    CELERY_CURL_TLS_FAILED = 35,
    CELERY_CURL_BAD_CLIENT_CERTIFICATE = 58,
    CELERY_CURL_BAD_CERTIFICATE = 60,
    CELERY_CURL_BAD_CA_FILE = 77,
    CELERY_CURL_TOO_LONG = 23,
};

/// Loads the library; the second time it only tells. Returns 0 when it is there. May be called from any thread.
int celery_curl_load(void);

/// What is received: grows by itself up to `limit` bytes, and is freed with `free`.
struct celery_curl_answer {
    char *bytes;
    size_t count;
    size_t limit;
};

/// curl_easy_init(3); 0 when there is no memory. To be called after the library was loaded.
void *celery_curl_open(void);
/// curl_easy_cleanup(3).
void celery_curl_close(void *handle);
/// curl_easy_reset(3): forgets the options, keeps the connection.
void celery_curl_reset(void *handle);

/// curl_easy_setopt(3) with a string, which is copied; all but CELERY_CURL_POST_FIELDS, whose bytes must stay.
int celery_curl_set_text(void *handle, int option, const char *value);
/// curl_easy_setopt(3) with a number.
int celery_curl_set_number(void *handle, int option, long value);

/// curl_easy_perform(3) with these header lines (`count` of them), the answer's body going to `answer`.
/// `problem` has room for 256 bytes.
int celery_curl_perform(
    void *handle, const char *const *headers, size_t count, struct celery_curl_answer *answer, char *problem);

/// CURLINFO_RESPONSE_CODE.
long celery_curl_status(void *handle);
/// curl_easy_strerror(3).
const char *celery_curl_meaning(int code);
#endif
