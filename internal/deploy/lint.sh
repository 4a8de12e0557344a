#!/bin/sh
# Checks the CloudFormation template by AWS's own cfn-lint, which it installs into .cache, pinned. Fails where the template is
# wrong. Where there is no Python, or its package registry does not answer, nothing was checked: it says so in one line,
# "not checked: …", and does not fail, so that a machine without them can go on.
set -u
cd "$(dirname "$0")" || exit 1
version=1.58.0
lint=.cache/cfn-lint-$version/bin/cfn-lint

if ! command -v python3 >/dev/null; then
	echo "not checked: the CloudFormation template, since Python 3, which runs cfn-lint, is not installed"
	exit 0
fi
if [ ! -x "$lint" ]; then
	mkdir -p .cache
	if ! python3 -m venv ".cache/cfn-lint-$version" >.cache/install.log 2>&1 ||
		! ".cache/cfn-lint-$version/bin/pip" install --quiet --disable-pip-version-check "cfn-lint==$version" >>.cache/install.log 2>&1; then
		rm -rf ".cache/cfn-lint-$version"
		echo "not checked: the CloudFormation template, since cfn-lint could not be installed: $(tail -n 1 .cache/install.log)"
		exit 0
	fi
fi
"$lint" ../../deploy/cloudformation/*.yaml && echo "checked: the CloudFormation template, by cfn-lint $version"
