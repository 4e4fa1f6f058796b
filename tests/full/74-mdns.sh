#!/bin/sh
# Servers that announce themselves, through a real avahi daemon on a D-Bus of its own, on loopback alone.
B=${B:-build}
P=$B/printop
case $P in /*) ;; *) P=$PWD/$P ;; esac
tmp=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; wait 2>/dev/null; rm -rf "$tmp"' EXIT
export XDG_CONFIG_HOME="$tmp/xdg" XDG_STATE_HOME="$tmp/state" LC_ALL=C.UTF-8 HOME="$tmp"
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$tmp/bus"
cd "$tmp" || exit 1

result() { # N NAME: passes when standard input is empty
	if grep . >why; then
		echo "not ok $1 - $2"
		sed 's/^/# /' why | head -n 20
	else
		echo "ok $1 - $2"
	fi
}

for tool in avahi-daemon avahi-publish dbus-daemon; do
	command -v $tool >/dev/null && continue
	echo "ok 1 - mDNS # SKIP there is no $tool"
	echo "1..1"
	exit 0
done

cat >bus.conf <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$tmp/bus</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
EOF
cat >avahi.conf <<EOF
[server]
host-name=printop-test
use-ipv6=no
allow-interfaces=lo
[publish]
publish-workstation=no
EOF
dbus-daemon --config-file=bus.conf --nofork >bus.log 2>&1 &
pids="$pids $!"
sleep 0.5
avahi-daemon -f avahi.conf --no-drop-root --no-rlimits --no-chroot >avahi.log 2>&1 &
avahi=$!
pids="$pids $avahi"
"$P" sim --printers 1 --seed 7 --dialect octoprint --idle --conf octo.conf >/dev/null 2>&1 &
pids="$pids $!"
for i in 1 2 3 4 5 6 7 8 9 10; do
	grep -q 'startup complete' avahi.log && [ -s octo.conf ] && break
	sleep 0.3
done
url=$(sed -n 's/.*url = "\([^"]*\)".*/\1/p' octo.conf)
avahi-publish -s "OctoPrint here" _octoprint._tcp "${url##*:}" path=/ >pub.log 2>&1 &
pids="$pids $!"
sleep 1.5
timeout 20 "$P" discover --timeout 3 --json >out 2>err
{
	grep -q "\"dialect\":\"octoprint\".*\"announced\":true" out || cat out err avahi.log pub.log
	grep -c '"url"' out | grep -vx 1
} | result 1 "an announced OctoPrint is found, once for all interfaces"
{ sleep 0.7; kill "$avahi"; } &
timeout 20 "$P" discover --timeout 2 >out 2>err
{ [ $? = 0 ] || echo "it ended badly"; cat err | grep -i 'abort\|segm'; } | result 2 "a daemon that goes in the middle is no harm"
timeout 20 "$P" discover --timeout 2 >out 2>err
grep -q 'no mDNS' err || cat err >why2
cat why2 2>/dev/null | result 3 "without a daemon it says so"
echo "1..3"
