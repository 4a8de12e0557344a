#!/bin/sh
# Checks the CloudFormation template by AWS's own cfn-lint, which it installs into .cache, pinned, with an implementation of
# Velocity for TestFrontMakesARecordOfARequest. Fails where the template is wrong. Where there is no Python, or its package
# registry does not answer, nothing was checked: it says so in one line, "not checked: …", and does not fail, so that a
# machine without them can go on.
set -u
cd "$(dirname "$0")" || exit 1
lint=1.58.0
velocity=0.6.9
env=.cache/lint-$lint-$velocity

if ! command -v python3 >/dev/null; then
	echo "not checked: the CloudFormation template, since Python 3, which runs cfn-lint, is not installed"
	exit 0
fi
if [ ! -x "$env/bin/cfn-lint" ]; then
	rm -rf .cache
	mkdir .cache
	if ! python3 -m venv "$env" >.cache/install.log 2>&1 ||
		! "$env/bin/pip" install --quiet --disable-pip-version-check "cfn-lint==$lint" "airspeed-ext==$velocity" >>.cache/install.log 2>&1; then
		rm -rf "$env"
		echo "not checked: the CloudFormation template, since cfn-lint could not be installed: $(tail -n 1 .cache/install.log)"
		exit 0
	fi
fi
"$env/bin/cfn-lint" ../../deploy/cloudformation/*.yaml && echo "checked: the CloudFormation template, by cfn-lint $lint"
