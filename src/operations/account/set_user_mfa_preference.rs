//! SetUserMFAPreference.
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SetUserMFAPreference.html>

use crate::{
    app::App,
    caller::SignedIn,
    change::Changed,
    context::Context,
    error::{Key, Result, Text},
    flows::{
        self,
        accounts::{last_factor, step_up},
        sign_in::second_factor,
    },
    operations::Empty,
    store::audit::Event,
};

pub async fn handle(
    app: &App,
    context: &Context,
    caller: SignedIn,
    request: second_factor::Preferences,
) -> Result<Changed<Empty>> {
    let bearer = caller.bearer;
    let pool = flows::pool_of(app, &bearer).await?;
    let (mut change, user) = bearer.begin(app, context).await?;
    let now = change.at();
    if request.switch_off(&user.mfa) {
        step_up::check(app, &mut change, &pool, &bearer).await?;
    }
    // Once a second factor is on, codes no longer sign the user in, and passkeys may no longer do so either. A user
    // without a password would then have no way to sign in.
    let had = last_factor::can_sign_in(&mut change, &pool, bearer.sub, None).await?;
    if !second_factor::prefer(&mut change, &pool, &user, request, (context.door, now)).await? {
        return change.unchanged(Empty {}).await;
    }
    let why = "With a second factor nothing would be left to sign in to this account with; set a password first.";
    last_factor::keep(&mut change, &pool, bearer.sub, had, Text::keyed(Key::PasswordFirst, why)).await?;
    change.commit(Event::MfaChanged.of_user(bearer.sub), Empty {}).await
}
