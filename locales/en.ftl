# The words of the pages, in English: the language that others are translated from (https://projectfluent.org).
# { $name } is a place that the program fills. Passkey, one word, is what the field calls it.

language-name = English

## Everywhere

skip-to-content = Skip to content
language = Language
problem-title = Problem:
next = Next
back = Back
cancel = Cancel
confirm = Confirm
save = Save
or = or
optional = (optional)
code = Code
send-code = Send a code
send-again = Send a new code
wrong-address = Wrong address? Sign up again
code-sent-to = We sent a code to { $to }.
code-sent = If that account exists, we’ve sent it a code.
development-inbox = This is a development server. Messages go to its inbox.
open-inbox = Open the development inbox
inbox-title = Development inbox
inbox-what = No mail server is configured, so messages stay here instead of being sent. Newest first.
inbox-empty = No messages yet.

## Signing in

sign-in = Sign in
username = Username
email = Email address
phone = Phone number
username-or-email = Username or email address
username-or-phone = Username or phone number
email-or-phone = Email address or phone number
username-email-or-phone = Username, email address or phone number
sign-in-with-passkey = Sign in with a passkey
new-here = New here?
have-account = Already have an account?
terms-of-use = Terms of use
privacy-policy = Privacy policy
not-you = Not you?
your-password = Enter your password
password = Password
show-password = Show password
forgot-password = Forgot your password?
other-ways = Other ways to sign in
how-to-sign-in = Choose how to sign in
use-password = Use your password
use-passkey = Use a passkey
email-code = Get a code by email
text-code = Get a code by text message
app-code = Use a code from your authenticator app
use-your-passkey = Sign in with your passkey
passkey-how = Your device will ask for your fingerprint, face or screen lock.
passkey-not-used = We couldn’t sign you in with a passkey. Try again, or sign in another way.
passkey-needs-script = Passkeys need JavaScript. Turn it on in your browser, or sign in another way.
passkey-unsupported = This browser can’t use passkeys. Sign in another way, or use another browser.
passkey-other-host = Passkeys of this user pool work on { $host } only.
open-on-host = Open this page on { $host }
enter-code = Enter the code
code-from-app = Enter the 6-digit code from your authenticator app.
choose-new-password = Choose a new password
choose-new-password-why = You signed in with a temporary password. Choose one that only you know.
new-password = New password
save-password = Save password
set-up-app = Set up an authenticator app
set-up-app-how = Scan this QR code with your authenticator app, then enter the code that the app shows.
set-up-app-by-hand = Can’t scan it? Enter this key in the app:
set-up-app-picture = QR code with the key for your authenticator app
code-of-app = Code from the app
choose-account = Choose an account
continue-as = Continue as { $name }
another-account = Use another account
step-up-why = To make this change, please sign in again.
set-up-app-open = Open in your authenticator app
copy-key = Copy the key
copied = Copied.

## Signing up

sign-up = Create an account
password-optional-why = If you leave it empty, you’ll sign in with codes or passkeys.
confirm-account = Confirm your account
account-confirmed = Your account is confirmed. You can sign in now.

## A forgotten password

reset-password = Reset your password
reset-password-how = We’ll send you a code so that you can choose a new password.
back-to-sign-in = Back to sign-in
password-saved = Your new password is saved. Use it to sign in.

## Password rules

policy-length = At least { $count } characters
policy-uppercase = an uppercase letter
policy-lowercase = a lowercase letter
policy-number = a number
policy-symbol = a symbol

## Passkeys

passkeys = Passkeys
add-passkey = Add a passkey
add-passkey-question = Sign in faster next time?
add-passkey-why = A passkey lets you sign in with your fingerprint, face or screen lock. Nobody can guess it or trick you into giving it away.
not-now = Not now
passkey-not-made = The passkey wasn’t created. Try again, or do it later.
passkey-exists = This device already has a passkey for your account.
no-passkeys = You don’t have a passkey yet. A passkey is the safest and fastest way to sign in.
passkey = Passkey
added-on = Added { $date }
last-used-on = Last used { $date }
never-used = Never used
synced = Synced across your devices
one-device = Only on one device
on-device = Built into a device
on-key = Security key
on-phone = Phone or another device
on-other = Security key or another device
rename = Rename
rename-it = Rename { $name }
new-name = New name
delete = Delete
delete-it = Delete { $name }
delete-passkey-title = Delete “{ $name }”?
delete-passkey-what = You won’t be able to sign in with this passkey anymore. You can’t undo this.
delete-passkey-manager = If your browser supports it, your passkey manager removes the passkey too. If you’re still offered it later, remove it there.
delete-passkey-last = This is your only passkey. You’ll have to sign in another way.
delete-passkey-no-way = This is the last way to sign in to your account. Without it, nobody can sign in, not even you. Set a password or add another passkey first.
delete-passkey-ends-others = You’ll be signed out everywhere else.
delete-passkey-ends-all = You’ll be signed out everywhere, including here.
passkeys-count = { $count } of at most { $maximum }
passkeys-rest-now = Two-step verification is on, so you sign in with your password and the second step, not with a passkey.
delete-passkey-this = Delete this passkey?
delete-passkey = Delete passkey

## The account

your-account = Your account
sign-out = Sign out
sign-out-ask = Sign out?
stay-signed-in = Stay signed in
leaving = Taking you back to the app
go-on = Continue
signed-out = You’re signed out.
sessions = Where you’re signed in
this-browser = this browser
session-pages = Browser
session-since = Since { $date }
end-it = Sign out of { $name }, since { $date }
sign-out-elsewhere = Sign out everywhere else
more-sessions = Only your most recent sessions are shown.
sign-in-details = Sign-in details
verified = verified
not-verified = not verified
verify-email = Verify this address
verify-phone = Verify this number
change-password = Change password
present-password = Current password
no-password = You don’t have a password yet.
set-password = Set one
second-factor = Two-step verification
second-factor-why = After your password, you enter a code as a second step.
method-app = Authenticator app
method-sms = Codes by text message
method-email = Codes by email
on = on
off = off
switch-on = Turn on
switch-off = Turn off
delete-account = Delete account
delete-account-what = This deletes your account, your passkeys and everything stored with them. You can’t undo this.
delete-account-title = Delete your account?
delete-account-sure = Yes, delete my account
account-deleted = Account deleted
account-deleted-what = Your account and your passkeys are deleted. If your browser supports it, your passkey manager removes the passkeys too. If you’re still offered one later, remove it there.
back-to = Back to { $to }
browser-on = { $browser } on { $system }
change = Change
change-email = Change your email address
change-phone = Change your phone number
not-given = Not given

## What was done

done-passkey-added = Your passkey was added.
done-passkey-renamed = The passkey was renamed.
done-passkey-deleted = The passkey was deleted.
done-session-ended = You’re signed out of that session.
done-others-ended = You’re signed out everywhere else.
done-email-saved = Your email address was saved.
done-email-verified = Your email address is verified.
done-phone-saved = Your phone number was saved.
done-phone-verified = Your phone number is verified.
done-password-saved = Your password was changed.
done-mfa-on = Two-step verification is on.
done-mfa-off = That method is off now.

## What went wrong

went-wrong = Something went wrong
nowhere-what = Keystead is running. Open the address that your application gives you, or the one that the server printed when it started.
nowhere = Page not found
not-for-us = We can’t continue signing you in
not-for-us-what = The link that brought you here isn’t right. Go back to the application and try again. If it happens again, send the details below to the people who run the application.
error-internal = The problem is on our side, not yours. Please try again in a moment.
error-request-id = Request ID: { $id }
error-busy = Too many requests. Please wait a moment and try again.
error-forbidden = This application doesn’t allow access from your network. Try another network.
error-too-large = That’s too much data. Shorten your entries and try again.
error-old-form = This page was open for too long, or your browser blocks cookies. Please try again.
error-credentials = That didn’t work. Check what you entered, or sign in another way.
error-network-blocked = You can’t sign in from this network. Try another one, or ask for help.
error-passkey = This passkey didn’t work. Try again, or sign in another way.
error-passkey-unknown = This passkey isn’t registered here anymore. Sign in another way.
error-code = This code isn’t right. Check it, or ask for a new one.
error-code-expired = This code has expired. Ask for a new one.
error-code-used = This code has already been used. Wait for the next one.
error-expired = That took too long. Please start again.
error-attempts = Too many wrong passwords. Please wait a while, then try again.
error-disabled = This account is disabled. Contact the people who run this application.
error-password-policy = Choose a stronger password. { $policy }.
error-password-used = You’ve used this password before. Choose another one.
error-password-wrong = Your current password isn’t right. Try again.
error-name-taken = This username is taken. Choose another one, or sign in.
error-address-taken = Another account uses this email address or phone number. Enter a different one.
error-entry = Please check what you entered.
error-refused = The application says: { $detail }
error-field = Please check this field: { $field }
error-name = You can’t use this username. It can have up to 128 characters and no spaces.
error-name-is-address = You can’t use this username, because it looks like an email address or a phone number. Choose another one.
error-password = You can’t use this password. It can have up to 256 characters, and it can’t begin or end with a space.
error-password-needed = Choose a password.
error-email = This isn’t an email address. Enter one like name@example.com.
error-phone = This isn’t a phone number. Start with + and the country code, for example +12065550100.
error-sign-up-closed = You can’t sign up here. Ask the people who run this application for an account.
error-delivery = We couldn’t send the message. Please try again later.
error-passkey-limit = You’ve reached the maximum number of passkeys. Delete one first.
error-passkey-not-accepted = This kind of passkey isn’t accepted here. Use another one.
error-passkey-gone = This passkey doesn’t exist anymore.
error-passkey-changed = Your passkey manager has changed this passkey, so it no longer works here. Sign in another way, then create a new passkey.
error-last-factor = This is the last way to sign in to your account. Add another passkey or set a password first.
error-reset-needed = You need a new password before you can sign in.
error-no-pages = This app client has no sign-in pages. To give it some, allow it an OAuth 2.0 code or implicit flow.
error-account-address = Open your account from the application that you use, or add its client_id to the address.
error-no-method = You can’t turn this on yet. First verify the email address or phone number that it uses.
passkeys-rest = While two-step verification is on, you can’t sign in with passkeys here. You use your password and a code.
error-app-code = This code isn’t right. Enter the one that the app shows now.
error-password-first = With this on, you couldn’t sign in anymore. Set a password first.
error-no-way-left = You’d have no way left to sign in. Add a passkey or set a password first.
error-last-method = Two-step verification is required here, so you can’t turn off your last method.

## Attributes

attribute-name = Name
attribute-given_name = First name
attribute-family_name = Last name
attribute-middle_name = Middle name
attribute-nickname = Nickname
attribute-preferred_username = Preferred username
attribute-birthdate = Date of birth
attribute-address = Address
attribute-locale = Language and region
attribute-zoneinfo = Time zone
attribute-website = Website
attribute-gender = Gender
attribute-picture = Picture
attribute-profile = Profile page
attribute-updated_at = Last change

## The link that confirms an account

confirm-link = To finish signing up, confirm that this address is yours.
link-sent-to = We sent a link to { $to }. Open it in this browser, then sign in.
link-sent = If that account exists, we’ve sent it a link. Open the link in this browser, then sign in.
code-or-link-sent = If that account exists, we’ve sent it a message. Open the link in this browser and sign in, or enter the code.
asked-again = We sent the message again, if we could. Use the newest one.
send-link-again = Send a new link
confirm-with-password = You signed up in another browser, or somebody else signed up with your address. Choose a password to finish.
confirm-link-incomplete = This link is incomplete. Open it from the message again.
confirm-link-before = Your account is already confirmed. You can sign in.
confirm-link-failed = We couldn’t confirm your account. The link may be too old. Ask for a new one where you signed up.
confirmed = Account confirmed
not-confirmed = Account not confirmed
