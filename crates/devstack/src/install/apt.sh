# Installs packages without letting them start their services, which would take the standard ports.
# Arguments: PACKAGE:UNIT[,UNIT]... each. Run as root by `devstack install`, which shows the apt-get line first.
set -eu
export DEBIAN_FRONTEND=noninteractive

# invoke-rc.d asks this file whether a service may be started; 101 means no. Somebody else's is left alone.
policy=/usr/sbin/policy-rc.d
mark='# devstack: no service is started while devstack installs packages'
if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    # Should this script be killed, what is left of it forbids nothing any more.
    printf '#!/bin/sh\n%s\nkill -0 %d 2>/dev/null && exit 101\nexit 0\n' "$mark" $$ >"$policy"
    chmod 755 "$policy"
fi

# A service that was here before is its owner's; only what comes now is kept from starting at boot.
packages=
new_units=
for argument in "$@"; do
    package=${argument%%:*}
    packages="$packages $package"
    if ! dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        new_units="$new_units $(printf %s "${argument#*:}" | tr , ' ')"
    fi
done

if [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' 2>/dev/null | head -n 1)" ]; then
    apt-get update
fi
# Another apt is waited for, two minutes at most. Lists that are out of date name packages that are gone: ask again once.
options='-y --no-install-recommends -o DPkg::Lock::Timeout=120'
# shellcheck disable=SC2086 # several words each
apt-get install $options $packages || { apt-get update && apt-get install $options $packages; }

# Packages ask for a start at every boot; devstack starts its own servers, on its own data.
if [ -n "$new_units" ] && [ -d /run/systemd/system ]; then
    # shellcheck disable=SC2086 # several words
    systemctl disable $new_units || true
fi
