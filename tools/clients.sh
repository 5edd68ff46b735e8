#!/bin/sh
# Installs the programs that the tests use, where it may; else names them.
# sip-tester: SIPp. baresip-core and linphone-cli: SIP phones. kamailio: SIP
# proxies. chromium: the agent's browser. sox, opus-tools: sound files. sipvicious: scanners
# that the guard must withstand. coturn: a TURN server. espeak-ng, flite: speech. gcc: Go's race detector.
set -eu

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need sipp sip-tester
need baresip baresip-core
need linphonec linphone-cli
need chromium chromium
need sox sox
need opusinfo opus-tools
need espeak-ng espeak-ng
need flite flite
need svmap sipvicious
need kamailio kamailio
need turnserver coturn
need "${CC:-gcc}" "gcc libc6-dev"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing the test clients:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# Two installs at once would fail without waiting for dpkg's lock.
	log=$(mktemp)
	# shellcheck disable=SC2086 # a list of packages
	if { apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing; } >"$log" 2>&1; then
		rm -f "$log"
		# The tests start proxies of their own; Debian's service would take port 5060.
		case "$missing" in *kamailio*) ! command -v systemctl >/dev/null 2>&1 || systemctl disable --now kamailio >/dev/null 2>&1 || true ;; esac
		case "$missing" in *coturn*) ! command -v systemctl >/dev/null 2>&1 || systemctl disable --now coturn >/dev/null 2>&1 || true ;; esac
		exit 0
	fi
	tail -n 20 "$log" >&2
	rm -f "$log"
fi
echo "the tests need these Debian packages; install them and start again:" >&2
echo "    sudo apt-get install --no-install-recommends$missing" >&2
exit 1
