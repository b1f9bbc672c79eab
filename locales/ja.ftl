# 画面の文言（日本語）。en.ftl の翻訳です（https://projectfluent.org）。
# { $name } はプログラムが値を入れる箇所です。passkey の訳語は「パスキー」です。

language-name = 日本語

## Everywhere

skip-to-content = コンテンツへスキップ
language = 言語
problem-title = エラー：
next = 次へ
back = 戻る
cancel = キャンセル
confirm = 確認
save = 保存
or = または
optional = （任意）
code = コード
send-code = コードを送信
send-again = 新しいコードを送信
wrong-address = アドレスが違いますか？もう一度登録する
code-sent-to = { $to } にコードを送信しました。
code-sent = 該当するアカウントがある場合は、コードを送信しました。
development-inbox = これは開発用サーバーです。メッセージはここで確認できます。
open-inbox = 開発用受信トレイを開く
inbox-title = 開発用受信トレイ
inbox-what = メールサーバーが設定されていないため、誰にも届かないメッセージです。新しい順に表示されます。
inbox-empty = メッセージはまだありません。

## Signing in

sign-in = ログイン
username = ユーザー名
email = メールアドレス
phone = 電話番号
username-or-email = ユーザー名またはメールアドレス
username-or-phone = ユーザー名または電話番号
email-or-phone = メールアドレスまたは電話番号
username-email-or-phone = ユーザー名、メールアドレス、または電話番号
sign-in-with-passkey = パスキーでログイン
new-here = 初めてご利用ですか？
have-account = アカウントをお持ちですか？
terms-of-use = 利用規約
privacy-policy = プライバシーポリシー
not-you = ご本人ではない場合
your-password = パスワードを入力
password = パスワード
show-password = パスワードを表示
forgot-password = パスワードをお忘れですか？
other-ways = その他のログイン方法
how-to-sign-in = ログイン方法を選択
use-password = パスワードを使う
use-passkey = パスキーを使う
email-code = メールでコードを受け取る
text-code = SMSでコードを受け取る
app-code = 認証アプリのコードを使う
use-your-passkey = パスキーでログイン
passkey-how = デバイスで指紋、顔、または画面ロックの確認が求められます。
passkey-not-used = パスキーは使用されませんでした。もう一度試すか、別の方法を選択してください。
passkey-needs-script = パスキーにはJavaScriptが必要です。オンにするか、別の方法を選択してください。
enter-code = コードを入力
code-from-app = 認証アプリに表示される6桁のコードを入力してください。
choose-new-password = 新しいパスワードを設定
choose-new-password-why = 現在のパスワードは発行されたものです。ご自身だけが知っているパスワードを設定してください。
new-password = 新しいパスワード
save-password = パスワードを保存
set-up-app = 認証アプリを設定
set-up-app-how = このQRコードを認証アプリでスキャンし、表示されるコードを入力してください。
set-up-app-by-hand = または、次のキーをアプリに入力してください：
set-up-app-picture = 認証アプリ用のキーを含むQRコード
code-of-app = アプリのコード
choose-account = アカウントを選択
continue-as = { $name } として続行
another-account = 別のアカウントを使う
step-up-why = 変更するには、もう一度ログインしてください。

## Signing up

sign-up = アカウントを作成
password-optional-why = パスワードを設定しない場合は、コードまたはパスキーでログインします。
confirm-account = アカウントの確認
account-confirmed = アカウントを確認しました。ログインできます。

## A forgotten password

reset-password = パスワードを再設定
reset-password-how = 新しいパスワードを設定するためのコードをお送りします。
back-to-sign-in = ログインに戻る
password-saved = 新しいパスワードを保存しました。新しいパスワードでログインしてください。

## Password rules

policy-length = { $count }文字以上
policy-uppercase = 英大文字
policy-lowercase = 英小文字
policy-number = 数字
policy-symbol = 記号

## Passkeys

passkeys = パスキー
add-passkey = パスキーを追加
add-passkey-question = 次回からもっと速くログインしますか？
add-passkey-why = パスキーなら、指紋、顔、または画面ロックでログインできます。推測されることも、だまし取られることもありません。
not-now = 後で
passkey-not-made = パスキーは作成されませんでした。もう一度試すか、後で作成してください。
passkey-exists = このデバイスには、このアカウントのパスキーがすでにあります。
no-passkeys = パスキーはありません。パスキーは最も安全で速いログイン方法です。
passkey = パスキー
added-on = { $date } に追加
last-used-on = { $date } に最後に使用
never-used = 未使用
synced = デバイス間で同期
one-device = 1台のデバイスのみ
on-device = デバイスに内蔵
on-key = セキュリティキー
on-phone = スマートフォンまたは別のデバイス
on-other = セキュリティキーまたは別のデバイス
more-passkeys = その他のパスキー
rename = 名前を変更
rename-it = { $name } の名前を変更
new-name = 新しい名前
delete = 削除
delete-it = { $name } を削除
delete-passkey-title = 「{ $name }」を削除しますか？
delete-passkey-what = このパスキーではログインできなくなります。この操作は取り消せません。
delete-passkey-manager = ブラウザが対応している場合は、パスキーマネージャーに削除を依頼します。後でまだ候補に表示される場合は、パスキーマネージャーで削除してください。
delete-passkey-last = これは唯一のパスキーです。今後は別の方法でログインする必要があります。
delete-passkey-no-way = これはアカウントにログインする最後の方法です。削除すると、ご本人を含めて誰もログインできなくなります。先にパスワードを設定するか、別のパスキーを追加してください。
delete-passkey-ends-others = 他のすべての場所からログアウトされます。
delete-passkey-ends-all = ここを含むすべての場所からログアウトされます。

## The account

your-account = アカウント
sign-out = ログアウト
sign-out-ask = サインアウトしますか？
stay-signed-in = サインインしたままにする
signed-out = ログアウトしました。
sessions = ログイン中の場所
this-browser = このブラウザ
session-pages = ブラウザ
session-since = { $date } から
end-it = { $name } からログアウト（{ $date } から）
sign-out-elsewhere = 他のすべての場所からログアウト
more-sessions = 新しいセッションのみが表示されています。
sign-in-details = ログイン情報
verified = 確認済み
not-verified = 未確認
verify-email = このアドレスを確認
verify-phone = この番号を確認
change-password = パスワードを変更
present-password = 現在のパスワード
no-password = パスワードは設定されていません。
set-password = 設定する
second-factor = 2段階認証
second-factor-why = パスワードの後に、2段階目としてコードを入力します。
method-app = 認証アプリ
method-sms = SMSのコード
method-email = メールのコード
on = オン
off = オフ
switch-on = オンにする
switch-off = オフにする
delete-account = アカウントを削除
delete-account-what = アカウント、パスキー、および保存されているすべてのデータを削除します。この操作は取り消せません。
delete-account-title = アカウントを削除しますか？
delete-account-sure = はい、アカウントを削除します
account-deleted = アカウントを削除しました
account-deleted-what = アカウントとパスキーを削除しました。ブラウザが対応していれば、パスキーマネージャーに削除を伝えます。後でまだ表示される場合は、そこで削除してください。

## What was done

done-passkey-added = パスキーを追加しました。
done-passkey-renamed = パスキーの名前を変更しました。
done-passkey-deleted = パスキーを削除しました。
done-session-ended = そのセッションを終了しました。
done-others-ended = 他のすべての場所からログアウトしました。
done-email-saved = メールアドレスを保存しました。
done-email-verified = メールアドレスを確認しました。
done-phone-saved = 電話番号を保存しました。
done-phone-verified = 電話番号を確認しました。
done-password-saved = パスワードを変更しました。
done-mfa-on = 2段階認証がオンになりました。
done-mfa-off = オフにしました。

## What went wrong

went-wrong = 問題が発生しました
nowhere-what = ここで Keystead が動いています。アプリケーションが示すアドレス、またはサーバーが起動時に表示したアドレスを開いてください。
nowhere = このアドレスには何もありません
not-for-us = ログインを続行できません
not-for-us-what = このページを開いたアドレスが正しくありません。アプリに戻って、もう一度お試しください。問題が続く場合は、下記の内容をアプリの運営者にお知らせください。
error-internal = こちら側の問題です。しばらくしてからもう一度お試しください。
error-request-id = リクエストID：{ $id }
error-busy = リクエストが多すぎます。しばらく待ってからもう一度お試しください。
error-forbidden = お使いのネットワークからはアクセスできません。
error-too-large = 送信されたデータが大きすぎます。
error-old-form = ページを開いてから時間が経ちすぎたか、Cookieがブロックされています。もう一度お試しください。
error-credentials = ログインできませんでした。ユーザー名とパスワードを確認するか、別の方法を選択してください。
error-network-blocked = このネットワークからはサインインできません。別のネットワークを試すか、サポートにお問い合わせください。
error-passkey = このパスキーは使えませんでした。もう一度試すか、別の方法を選択してください。
error-passkey-unknown = このパスキーはここではもう登録されていません。別のログイン方法を選択してください。
error-code = コードが正しくありません。確認するか、新しいコードを請求してください。
error-code-expired = コードの有効期限が切れています。新しいコードを請求してください。
error-code-used = このコードはすでに使用されています。次のコードをお待ちください。
error-expired = 時間切れになりました。最初からやり直してください。
error-attempts = パスワードの間違いが多すぎます。しばらく待ってからもう一度お試しください。
error-disabled = このアカウントは無効になっています。
error-password-policy = パスワードが弱すぎます。必要な条件：{ $policy }
error-password-used = このパスワードは以前に使用されています。別のパスワードを設定してください。
error-password-wrong = 現在のパスワードが正しくありません。
error-name-taken = この名前はすでに使われています。別の名前にするか、ログインしてください。
error-address-taken = このアドレスは別のアカウントで使われています。
error-entry = 入力内容を確認してください。
error-refused = アプリケーションからのメッセージ：{ $detail }
error-field = 次の項目を確認してください：{ $field }
error-name = この名前は使用できません。128文字以内で、空白は使えません。
error-name-is-address = この名前は使用できません。メールアドレスまたは電話番号のように見えます。
error-password = このパスワードは使用できません。256文字以内で、先頭と末尾に空白は使えません。
error-password-needed = パスワードを設定してください。
error-email = メールアドレスではありません。例：name@example.com
error-phone = 電話番号ではありません。「+」と国番号から入力してください。例：+81312345678
error-sign-up-closed = 新しいアカウントは、このアプリの運営者が作成します。
error-delivery = メッセージを送信できませんでした。後でもう一度お試しください。
error-passkey-limit = パスキーの数が上限に達しています。先にいずれかを削除してください。
error-passkey-not-accepted = この種類のパスキーはここでは使えません。別のパスキーを使ってください。
error-passkey-gone = このパスキーはもうありません。
error-last-factor = これはアカウントにログインする最後の手段です。先に別のパスキーを追加するか、パスワードを設定してください。
error-reset-needed = 新しいパスワードが必要です。コードを使って再設定してください。
error-no-pages = このアプリクライアントにはログインページがありません。ログインページは、OAuth 2.0のコードフローまたはインプリシットフローを使うクライアント用です。
error-account-address = お使いのアプリからアカウントを開くか、アドレスにアプリのclient_idを付けて開いてください。
error-no-method = まだオンにできません。必要なメールアドレスまたは電話番号が確認されていません。
passkeys-rest = 2 段階目が有効な間は、パスキーではログインできません。パスワードと 2 段階目を使用します。
error-app-code = コードが正しくありません。アプリに今表示されているコードを入力してください。
error-password-first = これを有効にすると、ログインできなくなります。先にパスワードを設定してください。
error-no-way-left = この操作を行うと、アカウントにログインする方法がなくなります。先にパスキーを追加するか、パスワードを設定してください。
error-last-method = ここでは2段階認証が必須のため、最後の方法をオフにすることはできません。

## Attributes

attribute-name = 氏名
attribute-given_name = 名
attribute-family_name = 姓
attribute-middle_name = ミドルネーム
attribute-nickname = ニックネーム
attribute-preferred_username = 希望するユーザー名
attribute-birthdate = 生年月日
attribute-address = 住所
attribute-locale = 言語と地域
attribute-zoneinfo = タイムゾーン
attribute-website = ウェブサイト
attribute-gender = 性別
attribute-picture = 写真
attribute-profile = プロフィールページ
attribute-updated_at = 最終更新

## The link that confirms an account

confirm-link = 登録を完了するには、このアドレスがご自身のものであることを確認してください。
link-sent-to = { $to } にリンクを送信しました。このブラウザで開いてから、ログインしてください。
link-sent = 該当するアカウントがある場合は、リンクを送信しました。このブラウザで開いてから、ログインしてください。
code-or-link-sent = 該当するアカウントがある場合は、メッセージを送信しました。このブラウザでリンクを開いてログインするか、コードを入力してください。
asked-again = 可能な場合は、もう一度送信しました。最新のメッセージだけが有効です。
send-link-again = 新しいリンクを送信
confirm-with-password = 別のブラウザで登録されたか、他の人がこのアドレスで登録しました。パスワードを設定して登録を完了してください。
confirm-link-incomplete = リンクが不完全です。メッセージからもう一度開いてください。
confirm-link-before = アカウントはすでに確認されています。ログインできます。
confirm-link-failed = アカウントを確認できませんでした。リンクが古い可能性があります。登録した画面で新しいリンクを請求してください。
confirmed = 確認済み
not-confirmed = 未確認
