# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel's tree as a build leaves it, for tests that have no hour to build one.
# shellcheck shell=bash

# kernel_tree KERNEL TREE: of a kernel of the cache, with the modules that swap on zram needs, and
# without modules.dep.
kernel_tree() {
	local from=${WRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wring}/kernels/${1/\//-}
	local tree=$2 file name

	mkdir -p "$tree/arch/x86/boot"
	cp "$from/vmlinuz" "$tree/arch/x86/boot/bzImage"
	cp "$from/config" "$tree/.config"
	cp "$from/modules/modules.builtin" "$tree"
	find "$from/modules/kernel" -name '*.ko*' | grep -E '/(zram|zsmalloc|lz4[a-z_]*|zstd[a-z_]*|lzo[a-z-]*|842[a-z_]*)\.ko' |
		while IFS= read -r file; do
			name=${file#"$from/modules/kernel/"} name=${name%%.ko*}
			mkdir -p "$tree/$(dirname "$name")"
			case $file in
			*.xz) xz -dc "$file" >"$tree/$name.ko" ;;
			*) cp "$file" "$tree/$name.ko" ;;
			esac
			echo "$name.o"
		done >"$tree/modules.order"
}
