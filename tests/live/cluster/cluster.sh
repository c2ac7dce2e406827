# A cluster of namespaces on one machine: real Corosync, one `fencepost node` each, a power switch. Sourced by the tests.
# Nothing of the machine's own network or services is touched: every link lies between namespaces of this cluster.
#
#   cluster_start 3 cib.xml      boot n1 n2 n3
#   power_off n2                 at once, as a power cut
#   power_on n2
#   wait_for 30 'is_active db n1'
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
prefix=fpl$BASHPID
work=
declare -A init_of=()
switch_pid=

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# The reason why this machine cannot, or nothing.
cannot() {
  [[ $EUID == 0 ]] || { echo "needs root"; return; }
  local tool
  for tool in corosync ip unshare nsenter; do
    command -v "$tool" > /dev/null || { echo "needs $tool"; return; }
  done
  [[ -x /usr/lib/ocf/resource.d/pacemaker/Dummy ]] || { echo "needs resource agents (pacemaker-resource-agents)"; return; }
  ip netns add "$prefix-try" 2> /dev/null || { echo "may not make network namespaces"; return; }
  ip -n "$prefix-try" link add try0 type veth peer name try1 2> /dev/null || echo "has no veth devices"
  ip netns del "$prefix-try"
  unshare -m -p -u -i -f --mount-proc true 2> /dev/null || echo "may not make mount and pid namespaces"
}

names() {
  local i
  for ((i = 1; i <= size; i++)); do echo "n$i"; done
}

corosync_conf() {
  local i
  echo "totem { version: 2; cluster_name: namespaces; transport: knet; crypto_cipher: none; crypto_hash: none; token: ${token:-1000} }" | sed 's/[;{]/&\n/g; s/ }$/\n}/'
  echo "logging { to_stderr: yes; to_syslog: no; timestamp: hires }" | sed 's/[;{]/&\n/g; s/ }$/\n}/'
  echo "quorum { provider: corosync_votequorum; $([[ $size == 2 ]] && echo 'two_node: 1; wait_for_all: 0;') }" | sed 's/[;{]/&\n/g; s/ }$/\n}/'
  echo "nodelist {"
  for ((i = 1; i <= size; i++)); do
    printf 'node {\n ring0_addr: 10.77.0.%d\n name: n%d\n nodeid: %d\n}\n' "$i" "$i" "$i"
  done
  echo "}"
}

cluster_start() {
  size=$1
  work=$(mktemp -d /tmp/fencepost-live.XXXXXX)
  trap cluster_stop EXIT
  cp "$2" "$work/cib.xml"
  sed -i "s#@SWITCH@#$work/switch#g" "$work/cib.xml"
  mkdir -p "$work"/switch/{asked,answered,on,nodes}
  corosync_conf | sed 's/; *$//' > "$work/corosync.conf"
  ip netns add "$prefix-sw"
  ip -n "$prefix-sw" link add br0 type bridge
  ip -n "$prefix-sw" link set br0 up
  power_switch &
  switch_pid=$!
  local name
  for name in $(names); do
    touch "$work/switch/nodes/$name"
    power_on "$name"
  done
}

power_on() {
  local name=$1 number=${1#n}
  [[ -e $work/switch/on/$name ]] && return
  mkdir -p "$work/nodes/$name/corosync"
  cp "$work/corosync.conf" "$work/nodes/$name/corosync/"
  ip netns add "$prefix-$name"
  ip -n "$prefix-$name" link add eth0 type veth peer name "p$number" netns "$prefix-sw"
  ip -n "$prefix-sw" link set "p$number" master br0 up
  ip -n "$prefix-$name" addr add "10.77.0.$number/24" dev eth0
  ip -n "$prefix-$name" link set eth0 up
  nsenter --net="/run/netns/$prefix-$name" unshare -m -u -i -p -f --mount-proc --kill-child \
    "$here/node-init" "$name" "$work" "$FENCEPOST" > "$work/$name.init" 2>&1 &
  local outer=$! init= i
  for ((i = 0; i < 250; i++)); do
    init=$(cat "/proc/$outer/task/$outer/children" 2> /dev/null)  # no line end, which read would take for a failure
    [[ -n $init ]] && break
    sleep 0.02
  done
  echo "${init% }" > "$work/switch/on/$name"
}

# Everything in the pid namespace dies with its first process; the link goes first.
power_off() {
  local name=$1 init i
  [[ -e $work/switch/on/$name ]] || return 0
  read -r init < "$work/switch/on/$name"
  ip -n "$prefix-sw" link set "p${name#n}" down
  kill -KILL "$init" 2> /dev/null
  for ((i = 0; i < 500; i++)); do
    [[ -e /proc/$init/ns ]] || break
    sleep 0.01
  done
  rm -f "$work/switch/on/$name"
  ip netns del "$prefix-$name"
  ip -n "$prefix-sw" link del "p${name#n}" 2> /dev/null
  return 0
}

# Carries out what fence_namespace asks for, and writes down when.
power_switch() {
  trap - EXIT
  local request action name by
  while :; do
    for request in "$work"/switch/asked/*; do
      [[ -e $request ]] || continue
      read -r action name by < "$request"
      echo "$(mono) $action $name $by" >> "$work/fenced"
      rm "$request"
      [[ $action == on ]] || power_off "$name"
      [[ $action == off ]] || { [[ -e $work/stay-off ]] || power_on "$name"; }
      echo 0 > "$work/switch/answered/${request##*/}.new"
      mv "$work/switch/answered/${request##*/}.new" "$work/switch/answered/${request##*/}"
    done
    sleep 0.01
  done
}

cluster_stop() {
  local name status=$?
  trap - EXIT
  kill "$switch_pid" 2> /dev/null
  for name in $(names); do power_off "$name"; done
  ip netns del "$prefix-sw" 2> /dev/null
  wait 2> /dev/null
  if [[ $status != 0 ]]; then
    for name in $(names); do echo "--- $name"; tail -n 60 "$work/$name.log"; done >&2
  fi
  [[ -n ${KEEP:-} ]] && echo "kept: $work" >&2 || rm -rf "$work"
  exit "$status"
}

mono() { # seconds of the clock that the nodes' logs have
  local up
  read -r up _ < /proc/uptime
  echo "$up"
}

on_node() {
  local init name=$1
  shift
  [[ -e $work/switch/on/$name ]] || return 1
  read -r init < "$work/switch/on/$name"
  nsenter -t "$init" -m -u -i -n -p "$@"
}

# Looks at the machine, not at what the cluster thinks: Dummy keeps a file where it runs.
is_active() {
  on_node "$2" sh -c "test -e /run/Dummy-$1.state || test -e /run/resource-agents/Dummy-$1.state"
}

wait_for() {
  local seconds=$1 i
  shift
  for ((i = 0; i < seconds * 20; i++)); do
    eval "$*" 2> /dev/null && return
    sleep 0.05
  done
  fail "not within $seconds s: $*"
}
