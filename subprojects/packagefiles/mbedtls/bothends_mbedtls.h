// What a tester needs beyond mbedTLS's default configuration: two engines of one process in two threads,
// 0-RTT, and RFC 8449. Nothing of the default is taken away.
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_PTHREAD
#define MBEDTLS_SSL_EARLY_DATA
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT
