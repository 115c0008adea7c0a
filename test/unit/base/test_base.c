/* SPDX-License-Identifier: Apache-2.0 */
#include "tests.h"

int main(void)
{
        return test_err() + test_text() + test_bytes() + test_time();
}
