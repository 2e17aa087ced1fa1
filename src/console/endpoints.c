#include "console/endpoints.h"

#include "api/endpoints.h"
#include "api/look_ups.h"
#include "console/billing.h"
#include "console/browse.h"
#include "console/keys.h"
#include "console/playground.h"
#include "console/shell.h"
#include "console/sign_in.h"
#include "console/user.h"

/* clang-format off */
#define PAGE(path_, method_, look_up_) \
    {.path = TEXT_INITIAL(path_), .operation_id = TEXT_INITIAL("console-page"), \
     .method = (method_), .kind = ENDPOINT_PAGE, .caller = CALLER_ANYONE, .look_up = (look_up_)}

#define OWN(path_, method_, id_, look_up_) \
    {.path = TEXT_INITIAL("/api/v1" path_), .operation_id = TEXT_INITIAL(id_), \
     .method = (method_), .kind = ENDPOINT_ACCOUNT, .caller = CALLER_SESSION, .look_up = (look_up_)}

/* What a page of the product shows, with its own parameters. */
#define SHOWN(path_, id_, parameters_, count_, look_up_) \
    {.path = TEXT_INITIAL("/api/v1" path_), .operation_id = TEXT_INITIAL(id_), \
     .method = ENDPOINT_GET, .kind = ENDPOINT_ACCOUNT, .caller = CALLER_SESSION, \
     .parameters = (parameters_), .parameter_count = (count_), .look_up = (look_up_)}

#define KEYS "/user/me/api-keys"

const struct endpoint console_endpoints[] = {
    OWN("/user/me", ENDPOINT_GET, "user-me", user_me),
    OWN("/user/me/sessions", ENDPOINT_GET, "user-sessions", user_sessions),
    OWN("/user/me/sessions/sign-out-others", ENDPOINT_POST, "user-sign-out-others", user_sign_out_others),
    OWN("/user/me/sessions/{id}", ENDPOINT_DELETE, "user-session-end", user_session_end),
    OWN("/user/me/password", ENDPOINT_POST, "user-password", user_password),
    OWN(KEYS, ENDPOINT_GET, "api-keys", keys_list),
    OWN(KEYS, ENDPOINT_POST, "api-key-create", keys_create),
    OWN(KEYS "/rotate", ENDPOINT_POST, "api-key-rotate", keys_rotate),
    OWN(KEYS "/{id}/activate", ENDPOINT_POST, "api-key-activate", keys_activate),
    OWN(KEYS "/{id}/extend", ENDPOINT_POST, "api-key-extend", keys_extend),
    OWN(KEYS "/{id}/stop", ENDPOINT_POST, "api-key-stop", keys_stop),
    OWN(KEYS "/{id}/cap", ENDPOINT_POST, "api-key-cap", keys_cap),
    OWN(KEYS "/{id}/reveal", ENDPOINT_POST, "api-key-reveal", keys_reveal),
    OWN(KEYS "/{id}", ENDPOINT_DELETE, "api-key-delete", keys_delete),
    OWN("/billing/me/plan", ENDPOINT_POST, "billing-plan-change", billing_plan),
    OWN("/billing/me/overage", ENDPOINT_POST, "billing-overage-change", billing_overage),
    SHOWN("/console/trends", "console-trends", hashtag_parameters, HASHTAG_PARAMETERS, browse_trends),
    SHOWN("/console/trends/history", "console-trends-history", history_parameters, HISTORY_PARAMETERS, browse_history),
    OWN("/console/lists", ENDPOINT_GET, "console-lists", browse_lists),
    OWN("/console/playground", ENDPOINT_POST, "console-playground", playground_call),

    PAGE("/console/signin", ENDPOINT_GET, sign_in_page),
    PAGE("/console/signin", ENDPOINT_POST, sign_in_post),
    PAGE("/console/signup", ENDPOINT_GET, sign_up_page),
    PAGE("/console/signup", ENDPOINT_POST, sign_up_post),
    PAGE("/console/signout", ENDPOINT_POST, sign_out_post),
    PAGE("/console/password", ENDPOINT_GET, password_page),
    PAGE("/console/password", ENDPOINT_POST, password_post),
    PAGE("/console/link/{id}", ENDPOINT_GET, link_page),
    PAGE("/console/link/{id}", ENDPOINT_POST, link_post),
    PAGE("/console/link/*", ENDPOINT_GET, link_page), /* no token is led on, to stand in a log */
    PAGE("/console", ENDPOINT_GET, shell_redirect),
    PAGE("/console/*", ENDPOINT_GET, shell_page), /* last: whatever is none of these */
};
/* clang-format on */

const size_t console_endpoint_count = LENGTH_OF(console_endpoints);
