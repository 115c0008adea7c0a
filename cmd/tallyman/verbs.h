/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* verbs - the functions behind the rows of verbs[]; each returns an exit code */
#include "cli.h"

int site_list(struct cli *c);
int site_show(struct cli *c);
int site_create(struct cli *c);
int site_delete(struct cli *c);

int dp_add(struct cli *c);
int dp_list(struct cli *c);
int dp_show(struct cli *c);
int dp_remove(struct cli *c);
int dp_token(struct cli *c);
int dp_maintenance(struct cli *c);

int group_create(struct cli *c);
int group_delete(struct cli *c);
int group_add(struct cli *c);
int group_remove(struct cli *c);
int group_list(struct cli *c);
int group_show(struct cli *c);

int package_create(struct cli *c);
int package_list(struct cli *c);
int package_show(struct cli *c);
int package_update(struct cli *c);
int package_set(struct cli *c);
int package_delete(struct cli *c);

int content_distribute(struct cli *c);
int content_redistribute(struct cli *c);
int content_remove(struct cli *c);
int content_cancel(struct cli *c);
int content_validate(struct cli *c);
int content_retry(struct cli *c);

int status_run(struct cli *c);
int wait_run(struct cli *c);

int program_create(struct cli *c);
int program_list(struct cli *c);
int program_show(struct cli *c);
int program_set(struct cli *c);
int program_delete(struct cli *c);

int advert_create(struct cli *c);
int advert_list(struct cli *c);
int advert_show(struct cli *c);
int advert_set(struct cli *c);
int advert_delete(struct cli *c);

int collection_create(struct cli *c);
int collection_list(struct cli *c);
int collection_show(struct cli *c);
int collection_delete(struct cli *c);
int collection_add(struct cli *c);
int collection_remove(struct cli *c);

int offers_run(struct cli *c);
int job_list(struct cli *c);
int job_cancel(struct cli *c);

int object_get(struct cli *c);
int object_put(struct cli *c);
int object_create(struct cli *c);
int object_delete(struct cli *c);
int subscription_list(struct cli *c);
int subscription_failures(struct cli *c);
int object_invoke(struct cli *c);
int class_list(struct cli *c);
int class_show(struct cli *c);

int query_run(struct cli *c);
int wql_check(struct cli *c);

int watch_run(struct cli *c);
int events_run(struct cli *c);

int user_add(struct cli *c);
int user_list(struct cli *c);
int user_set_password(struct cli *c);
int user_enable_ntlm(struct cli *c);
int user_disable_ntlm(struct cli *c);
int user_set_role(struct cli *c);
int user_disable(struct cli *c);
int user_enable(struct cli *c);
int user_delete(struct cli *c);

int verify_run(struct cli *c);
int diff_run(struct cli *c);
