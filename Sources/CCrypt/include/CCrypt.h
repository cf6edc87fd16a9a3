// crypt(3) of libcrypt, loaded when a file of credentials is used. Nothing of its headers is needed to build.
#ifndef CELERY_CCRYPT_H
#define CELERY_CCRYPT_H
#include <stddef.h>

/// Room for the longest hash, with its final zero: CRYPT_OUTPUT_SIZE.
enum { CELERY_CRYPT_ROOM = 384 };

/// Loads the library; the second time it only tells. Returns NULL when it is there, else the reason of dlerror(3). May be called
/// from any thread.
const char *_Nullable celery_crypt_load(void);

/// crypt_r(3): the hash of a password by the method and salt of another hash, which takes as long as that hash wants: commonly tens
/// of milliseconds. Returns 0 if the library does not know the method.
int celery_crypt(const char *_Nonnull password, const char *_Nonnull setting, char *_Nonnull hash);
#endif
