#!/bin/sh
# build.sh SOURCE VERSION OUT COMPILER...
# Puts libssl.a, libcrypto.a and include/ into OUT. They come from the user's cache, where each combination of
# release, options and compiler is built once: under a lock, and visible only when complete.
set -eu
source=$(realpath "$1") version=$2; mkdir -p "$3"; out=$(realpath "$3"); shift 3
ccache=$(command -v ccache || :)
case $1 in *ccache) shift ;; esac

# A tester must be able to be, and to meet, the weakest peers: SSLv3, RC4, NULL and the like are in, switched on by
# whoever wants them. no-module puts the legacy provider into libcrypto; no-autoload-config keeps the machine's
# openssl.cnf (often: TLS 1.2, security level 2) from deciding what a test sees. no-http would take OCSP along.
options='--prefix=/nonexistent --openssldir=/etc/ssl --libdir=lib
  enable-ssl3 enable-ssl3-method enable-weak-ssl-ciphers enable-ssl-trace
  no-shared no-module no-dso no-engine no-autoload-config no-makedepend
  no-apps no-tests no-docs no-quic no-dtls no-cmp no-cms no-ts no-rfc3779 no-gost no-srp'

# The key holds whatever can change the result; of the compiler, its own account of itself.
key=$( (cat "$0" "$source/VERSION.dat"; echo "$options $*"; "$@" -v 2>&1; uname -m) | sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-${HOME:-$out}/.cache}/bothends
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || { cache=$out/cache; mkdir -p "$cache"; }
kept=$cache/openssl-$version-$key

# Nothing is installed: `make install` would heed a DESTDIR of the environment. An interrupted build goes on where it
# stopped, unless it was another checkout's.
build() { # DIR COMPILER...
  work=$1/work; shift
  [ "$(cat "$work/source" 2>/dev/null)" = "$source" ] || rm -rf "$work"
  mkdir -p "$work"; cd "$work"; echo "$source" >source
  # Its objects name their sources relative to this folder; no user's folder names belong into a library.
  map=-ffile-prefix-map=$(realpath --relative-to=. "$source")/=
  # shellcheck disable=SC2086 # the options are words
  [ -f Makefile ] || CC="${ccache:+$ccache }$*" "$source/Configure" $options "$map" \
    >configure.log 2>&1 || { cat configure.log >&2; exit 1; }
  make -j"$(nproc)" build_libs >make.log 2>&1 || { tail -n 50 make.log >&2; exit 1; }
}
publish() { # DIR: one rename makes it visible
  new=$1/new; rm -rf "$new"; mkdir -p "$new/include/openssl"
  cp "$1/work/libssl.a" "$1/work/libcrypto.a" "$new/"
  cp "$source"/include/openssl/*.h "$1/work"/include/openssl/*.h "$new/include/openssl/"
  cp "$source/LICENSE.txt" "$new/"
  mv "$new" "$kept"
  rm -rf "$1"
}

if [ ! -d "$kept" ]; then
  (
    flock 9
    if [ ! -d "$kept" ]; then
      echo "OpenSSL $version: building it once for this machine (about two minutes)" >&2
      (build "$kept.building" "$@")
      publish "$kept.building"
    fi
  ) 9>"$kept.lock"
fi
rm -rf "$out/include"; mkdir -p "$out/include"
cp -R "$kept/include/." "$out/include/"
cp "$kept/libssl.a" "$kept/libcrypto.a" "$out/"
echo "// OpenSSL $version lies beside this file, from $kept" >"$out/openssl-is-built.h"
