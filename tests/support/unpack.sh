#!/usr/bin/env bash
# unpack.sh CACHE: puts the servers that Debian 12 does not install, or not beside another mail server, into CACHE/courier, CACHE/cyrus
# and so on. The packages of Debian 12, and of Debian 13 for Dovecot 2.4, are fetched once, by apt's own rules but into CACHE, and only
# unpacked: nothing is installed, nothing is started. The machine's libc and what apt itself needs are Cyrus's too; the other roots are
# whole. The proxies dante and tinyproxy come in the same way. pymap comes from PyPI into a virtual environment of its own.
set -euo pipefail
shopt -s nullglob
umask 022
cache=$1

courier=(courier-base courier-imap courier-pop courier-authlib courier-authlib-userdb courier-authdaemon
    libaudit1 libc6 libcap-ng0 libcourier-unicode4 libcrypt1 libffi8 libgcc-s1 libgdbm6 libgmp10 libgnutls30
    libhogweed6 libidn12 libidn2-0 libltdl7 libnettle8 libp11-kit0 libpam0g libstdc++6 libtasn1-6 libunistring2)
cyrus=(cyrus-common/bookworm-backports cyrus-imapd/bookworm-backports cyrus-pop3d/bookworm-backports
    libcom-err2 libdb5.3 libgssapi-krb5-2 libical3 libicu72 libjansson4 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0
    libldap-2.5-0 libnsl2 libpcre2-8-0 libpcre2-posix3 libpq5 libsasl2-2 libsasl2-modules libsasl2-modules-db libsqlite3-0
    libssl3 libtirpc3 libwrap0 libxapian30 libxml2 sasl2-bin)
popa3d=(popa3d libaudit1 libc6 libcap-ng0 libcrypt1 libpam-modules libpam0g libpcre2-8-0 libselinux1)
solid_pop3d=(solid-pop3d liblockfile1 "${popa3d[@]:1}")
mailutils=(mailutils-imap4d mailutils-pop3d libmailutils9 libmu-dbm9 libaudit1 libc6 libcap-ng0 libcom-err2 libcrypt1 libdb5.3 libffi8
    libgcc-s1 libgdbm6 libgmp10 libgnutls30 libkyotocabinet16v5 liblzma5 liblzo2-2 libstdc++6
    libgsasl18 libgssapi-krb5-2 libgssglue1 libhogweed6 libidn12 libidn2-0 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0
    libldap-2.5-0 libmariadb3 libnettle8 libnsl2 libntlm0 libp11-kit0 libpam0g libpq5 libsasl2-2 libssl3 libtasn1-6 libtirpc3
    libunistring2 libwrap0 libzstd1 zlib1g)
dovecot24=(dovecot-core dovecot-imapd dovecot-pop3d libacl1 libaudit1 libbz2-1.0 libc6 libcap-ng0 libcap2 libcrypt1 libexttextcat-2.0-0
    libgcc-s1 libicu76 liblz4-1 liblzma5 libpam0g libsodium23 libssl3t64 libstdc++6 libstemmer0d libsystemd0 libunwind8 libxxhash0 libzstd1
    openssl-provider-legacy zlib1g)
dovecot24=("${dovecot24[@]/%//trixie}")
dante_server=(dante-server libaudit1 libc6 libcap-ng0 libcom-err2 libcrypt1 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3
    libkrb5support0 libnsl2 libpam0g libtirpc3 libwrap0)
tinyproxy_bin=(tinyproxy-bin libc6)
pymap=(pymap==0.36.7 pysasl==1.2.0 proxy-protocol==0.11.3 typing-extensions==4.16.0)

# The Debian mirror that this machine uses.
mirror() {
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
        awk '$1 ~ /\/debian\/?$/ { print $1; found = 1; exit } END { if (!found) print "http://deb.debian.org/debian" }'
}

# An apt of our own, with its lists and downloads in CACHE/apt; the machine's is left as it is.
prepare_apt() {
    local apt=$cache/apt from suite
    mkdir -p "$apt/lists/partial" "$apt/archives/partial"
    : >"$apt/status"
    from=$(mirror)
    for suite in bookworm bookworm-backports trixie; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main"
    done >"$apt/sources.list"
    cat >"$apt/apt.conf" <<EOF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
APT::Sandbox::User "";
APT::Default-Release "bookworm";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
EOF
    APT_CONFIG=$apt/apt.conf apt-get update -q >&2
}

unpack() { # NAME PACKAGE...
    local name=$1 deb
    shift
    rm -rf "${cache:?}/$name" "$cache/$name.new" "$cache/$name.debs"
    mkdir -p "$cache/$name.debs" "$cache/$name.new"
    (cd "$cache/$name.debs" && APT_CONFIG=$cache/apt/apt.conf apt-get download -q "$@" >&2)
    for deb in "$cache/$name.debs"/*.deb; do
        dpkg -x "$deb" "$cache/$name.new"
    done
    rm -rf "$cache/$name.new"/{usr/share,var,etc}
    if [[ $name == courier ]]; then without_fam "$cache/$name.new"/usr/lib/*-linux-gnu; fi
    if [[ $name == dovecot24 ]]; then finish_dovecot24 "$cache/$name.new"; fi
    # The versions, for the table of results.
    dpkg-deb --show --showformat '${Package} ${Version}\n' "$cache/$name.debs/${name%24}"{-imap*,_*}.deb >"$cache/$name.new/version"
    rm -rf "$cache/$name.debs"
    mv "$cache/$name.new" "$cache/$name"
}

# Courier watches files through a server that is not here, and would look for it for two seconds at every login. This says at
# once that there is none; Courier then polls.
without_fam() {
    local name
    for name in Open Close Pending NextEvent MonitorDirectory MonitorFile CancelMonitor; do
        echo "int FAM$name(void) { return -1; }"
    done | cc -shared -fPIC -Wl,-soname,libfam.so.0 -o "$1/libfam.so.0" -xc -
}

# Debian 13 has one directory of libraries, under names that its base system links to it. The settings of a package that is not here
# would be missed at every start.
finish_dovecot24() {
    local link
    for link in bin lib lib64 sbin; do
        [[ -e $1/$link ]] || ln -s "usr/$link" "$1/$link"
    done
    rm -rf "$1"/usr/lib/dovecot/modules/settings/libpigeonhole* "$1"/usr/lib/*-linux-gnu/gconv
}

unpack_pymap() {
    rm -rf "$cache"/pymap{,.new}
    python3 -m venv "$cache/pymap.new"
    "$cache/pymap.new/bin/pip" install -q --disable-pip-version-check --no-input --no-deps "${pymap[@]}" >&2
    echo "pymap ${pymap[0]#*==}" >"$cache/pymap.new/version"
    mv "$cache/pymap.new" "$cache/pymap"
}

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
exec 9>"$cache/lock"
flock 9
wanted=()
for name in courier cyrus dante-server dovecot24 mailutils popa3d solid-pop3d tinyproxy-bin; do
    [[ -e $cache/$name/version ]] || wanted+=("$name")
done
# The environment is of no use without the Python that it was made by.
[[ -e $cache/pymap/version ]] && "$cache/pymap/bin/python" -c 'import pymap' 2>/dev/null || unpack_pymap
((${#wanted[@]})) || exit 0
prepare_apt
for name in "${wanted[@]}"; do
    declare -n packages=${name/-/_}
    unpack "$name" "${packages[@]}"
done
rm -rf "$cache/apt"
