# SPDX-License-Identifier: Apache-2.0
# For hands; script/ has it all.
.PHONY: all check lint fuzz clean
all:   ; script/build
check: ; script/test
lint:  ; script/lint
fuzz:  ; script/fuzz all 60
clean: ; rm -rf build build-*
