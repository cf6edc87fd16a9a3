// libcurl, loaded when it is first needed: linking it would make every command start slower, and ask for
// it on machines where nobody uses HTTP. Nothing of its headers is needed to build; the numbers below are
// part of its binary interface and never change.
#ifndef CELERY_CCURL_H
#define CELERY_CCURL_H
#include <stddef.h>

/// CURLoption, those in use.
enum {
    CELERY_CURL_UPLOAD = 46,
    CELERY_CURL_NO_SIGNAL = 99,
    CELERY_CURL_POST_FIELD_SIZE = 60,
    CELERY_CURL_HTTP_AUTH = 107,
    CELERY_CURL_USE_TLS = 119,
    CELERY_CURL_TIMEOUT_MS = 155,
    CELERY_CURL_CONNECT_TIMEOUT_MS = 156,
    CELERY_CURL_PROTOCOLS = 181,
    CELERY_CURL_PATH_AS_IS = 234,
    CELERY_CURL_URL = 10002,
    CELERY_CURL_PROXY = 10004,
    CELERY_CURL_USER_AGENT = 10018,
    CELERY_CURL_CUSTOM_REQUEST = 10036,
    CELERY_CURL_CA_FILE = 10065,
    CELERY_CURL_COPIED_POST_FIELDS = 10165,
    CELERY_CURL_USER_NAME = 10173,
    CELERY_CURL_PASSWORD = 10174,
    CELERY_CURL_MAIL_FROM = 10186,
    CELERY_CURL_UNIX_SOCKET_PATH = 10231,
};

/// CURLcode, those that mean something to us.
enum {
    CELERY_CURL_DONE = 0,
    CELERY_CURL_UNSUPPORTED_PROTOCOL = 1,
    CELERY_CURL_BAD_URL = 3,
    CELERY_CURL_STRANGE_ANSWER = 8,
    CELERY_CURL_TOO_LONG = 23,
    CELERY_CURL_TIMED_OUT = 28,
    CELERY_CURL_TLS_FAILED = 35,
    CELERY_CURL_ABORTED = 42,
    CELERY_CURL_BAD_CLIENT_CERTIFICATE = 58,
    CELERY_CURL_BAD_CERTIFICATE = 60,
    CELERY_CURL_BAD_CA_FILE = 77,
};

/// Loads the library; the second time it only tells. Returns 0 when it is there. May be called from any thread.
int celery_curl_load(void);

/// What is received: grows by itself up to `limit` bytes, and is freed by `celery_curl_clear`.
struct celery_curl_answer {
    char *bytes;
    size_t count;
    size_t limit;
};

/// Bytes that several requests have received so far, and the most that they may have received together.
struct celery_curl_budget {
    size_t count;
    size_t limit;
};

/// A request under way. Begins zeroed; its address must not change while its handle is in use.
struct celery_curl_exchange {
    /// The body of the answer.
    struct celery_curl_answer body;
    /// The lines of the head of the answer; a limit of 0 keeps none.
    struct celery_curl_answer head;
    /// Shared with other requests; 0 without.
    struct celery_curl_budget *budget;
    /// Whether to connect to an address, which has 4 or 16 bytes; 0 connects to all. The context is passed on.
    int (*permits)(void *context, const unsigned char *address, size_t count);
    void *context;
    /// Whether an address was refused.
    int is_refused;
    /// What went wrong, in libcurl's words.
    char problem[256];
    /// The header lines of the request.
    void *lines;
};

/// curl_easy_init(3); 0 when there is no memory. To be called after the library was loaded.
void *celery_curl_open(void);
/// curl_easy_cleanup(3).
void celery_curl_close(void *handle);
/// curl_easy_reset(3): forgets the options, keeps the connection.
void celery_curl_reset(void *handle);

/// curl_easy_setopt(3) with a string, which is copied.
int celery_curl_set_text(void *handle, int option, const char *value);
/// curl_easy_setopt(3) with a number.
int celery_curl_set_number(void *handle, int option, long value);

/// Sets the header lines of a request (`count` of them), and where its answer goes. Returns a CURLcode.
int celery_curl_prepare(
    void *handle, const char *const *headers, size_t count, struct celery_curl_exchange *exchange);
/// Frees what an exchange holds, when its handle no longer works.
void celery_curl_clear(struct celery_curl_exchange *exchange);

/// curl_easy_perform(3). Returns a CURLcode.
int celery_curl_perform(void *handle);

/// curl_easy_perform(3) of a mail: `bytes` go to these recipients. `problem` has room for 256 bytes. Returns a CURLcode.
int celery_curl_mail(
    void *handle, const char *const *recipients, size_t recipient_count, const char *bytes, size_t count, char *problem);

/// CURLINFO_RESPONSE_CODE: of HTTP, or of SMTP's last answer.
long celery_curl_status(void *handle);
/// curl_easy_strerror(3).
const char *celery_curl_meaning(int code);

/// curl_multi_init(3), keeping up to `connections` unused connections; 0 when there is no memory or no descriptor.
void *celery_curl_multi_open(long connections);
/// curl_multi_cleanup(3), when all handles are removed.
void celery_curl_multi_close(void *multi);
/// curl_multi_add_handle(3). Returns a CURLMcode: 0 is success.
int celery_curl_multi_add(void *multi, void *handle);
/// curl_multi_remove_handle(3): ends the request.
void celery_curl_multi_remove(void *multi, void *handle);
/// curl_multi_socket_action(3) for what is ready: sends and receives without blocking. Returns a CURLMcode.
int celery_curl_multi_run(void *multi);
/// Waits for the connections, until `descriptor` is readable (-1: none), or that many milliseconds; less if libcurl wants to
/// be called before.
int celery_curl_multi_wait(void *multi, int descriptor, int milliseconds);
/// curl_multi_info_read(3): a request that has ended, with its CURLcode; 0 when there are no more.
void *celery_curl_multi_next(void *multi, int *code);
#endif
