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
development-inbox = これは開発用サーバーです。メッセージは開発用受信トレイに届きます。
open-inbox = 開発用受信トレイを開く
inbox-title = 開発用受信トレイ
inbox-what = メールサーバーが設定されていないため、メッセージは送信されず、ここに保存されます。新しい順に表示しています。
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
not-you = 別のアカウントを使う
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
passkey-not-used = パスキーでログインできませんでした。もう一度試すか、別の方法でログインしてください。
passkey-needs-script = パスキーを使うにはJavaScriptが必要です。ブラウザで有効にするか、別の方法でログインしてください。
passkey-unsupported = このブラウザではパスキーを使えません。別の方法でログインするか、別のブラウザを使ってください。
passkey-other-host = このユーザープールのパスキーは { $host } でのみ使えます。
open-on-host = { $host } でこのページを開く
enter-code = コードを入力
code-from-app = 認証アプリの6桁のコードを入力してください。
choose-new-password = 新しいパスワードを設定
choose-new-password-why = 仮のパスワードでログインしました。ご自身だけが知っているパスワードを設定してください。
new-password = 新しいパスワード
save-password = パスワードを保存
set-up-app = 認証アプリを設定
set-up-app-how = このQRコードを認証アプリでスキャンし、表示されるコードを入力してください。
set-up-app-by-hand = スキャンできない場合は、次のキーをアプリに入力してください：
set-up-app-picture = 認証アプリ用のキーを含むQRコード
code-of-app = アプリのコード
choose-account = アカウントを選択
continue-as = { $name } として続行
another-account = 別のアカウントを使う
step-up-why = 変更するには、もう一度ログインしてください。
set-up-app-open = 認証アプリで開く
copy-key = キーをコピー
copied = コピーしました。

## Signing up

sign-up = アカウントを作成
password-optional-why = 空欄のままにすると、コードまたはパスキーでログインします。
confirm-account = アカウントを確認
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
add-passkey-question = 次回からもっとすばやくログインしませんか？
add-passkey-why = パスキーなら、指紋、顔、または画面ロックでログインできます。推測されることも、だまし取られることもありません。
not-now = 後で
passkey-not-made = パスキーを作成できませんでした。もう一度試すか、後で作成してください。
passkey-exists = このデバイスには、このアカウントのパスキーがすでにあります。
no-passkeys = パスキーはまだありません。パスキーは最も安全ですばやいログイン方法です。
passkey = パスキー
added-on = { $date } に追加
last-used-on = 最終使用：{ $date }
never-used = 未使用
synced = デバイス間で同期
one-device = 1台のデバイスのみ
on-device = デバイスに内蔵
on-key = セキュリティキー
on-phone = スマートフォンまたは別のデバイス
on-other = セキュリティキーまたは別のデバイス
rename = 名前を変更
rename-it = { $name } の名前を変更
new-name = 新しい名前
delete = 削除
delete-it = { $name } を削除
delete-passkey-title = 「{ $name }」を削除しますか？
delete-passkey-what = このパスキーではログインできなくなります。この操作は取り消せません。
delete-passkey-manager = ブラウザが対応している場合は、パスキーマネージャーからも削除されます。後でまだ候補に表示される場合は、パスキーマネージャーで削除してください。
delete-passkey-last = これは唯一のパスキーです。削除した後は、別の方法でログインする必要があります。
delete-passkey-no-way = これはアカウントにログインする最後の方法です。削除すると、ご本人を含めて誰もログインできなくなります。先にパスワードを設定するか、別のパスキーを追加してください。
delete-passkey-ends-others = 他のすべての場所からログアウトされます。
delete-passkey-ends-all = ここを含むすべての場所からログアウトされます。
passkeys-count = { $count } 件（上限 { $maximum } 件）
passkeys-rest-now = 2段階認証がオンのため、パスキーではなく、パスワードと2段階目でログインします。
delete-passkey-this = このパスキーを削除しますか？
delete-passkey = パスキーを削除

## The account

your-account = アカウント
sign-out = ログアウト
sign-out-ask = ログアウトしますか？
stay-signed-in = ログインしたままにする
leaving = アプリに戻ります
go-on = 続ける
signed-out = ログアウトしました。
sessions = ログイン中の場所
this-browser = このブラウザ
session-pages = ブラウザ
session-since = { $date } から
end-it = ログアウト：{ $name }（{ $date } から）
sign-out-elsewhere = 他のすべての場所からログアウト
more-sessions = 最近のセッションのみを表示しています。
sign-in-details = ログイン情報
verified = 確認済み
not-verified = 未確認
verify-email = このアドレスを確認
verify-phone = この番号を確認
change-password = パスワードを変更
present-password = 現在のパスワード
no-password = パスワードはまだ設定されていません。
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
account-deleted-what = アカウントとパスキーを削除しました。ブラウザが対応している場合は、パスキーマネージャーからも削除されます。後でまだ候補に表示される場合は、パスキーマネージャーで削除してください。
back-to = { $to } に戻る
browser-on = { $browser }（{ $system }）
change = 変更
change-email = メールアドレスを変更
change-phone = 電話番号を変更
not-given = 未登録

## What was done

done-passkey-added = パスキーを追加しました。
done-passkey-renamed = パスキーの名前を変更しました。
done-passkey-deleted = パスキーを削除しました。
done-session-ended = そのセッションからログアウトしました。
done-others-ended = 他のすべての場所からログアウトしました。
done-email-saved = メールアドレスを保存しました。
done-email-verified = メールアドレスを確認しました。
done-phone-saved = 電話番号を保存しました。
done-phone-verified = 電話番号を確認しました。
done-password-saved = パスワードを変更しました。
done-mfa-on = 2段階認証がオンになりました。
done-mfa-off = その方法をオフにしました。

## What went wrong

went-wrong = 問題が発生しました
nowhere-what = Keystead は動作しています。アプリで案内されたアドレス、またはサーバーの起動時に表示されたアドレスを開いてください。
nowhere = ページが見つかりません
not-for-us = ログインを続行できません
not-for-us-what = このページへのリンクが正しくありません。アプリに戻って、もう一度お試しください。問題が続く場合は、下記の内容をアプリの運営者にお知らせください。
error-internal = こちら側で問題が発生しました。しばらくしてからもう一度お試しください。
error-request-id = リクエストID：{ $id }
error-busy = リクエストが多すぎます。しばらく待ってからもう一度お試しください。
error-forbidden = お使いのネットワークからはこのアプリにアクセスできません。別のネットワークをお試しください。
error-too-large = 送信されたデータが大きすぎます。入力内容を短くして、もう一度お試しください。
error-old-form = ページを開いてから時間が経ちすぎたか、ブラウザがCookieをブロックしています。もう一度お試しください。
error-credentials = ログインできませんでした。入力内容を確認するか、別の方法でログインしてください。
error-network-blocked = このネットワークからはログインできません。別のネットワークを試すか、サポートにお問い合わせください。
error-passkey = このパスキーではログインできませんでした。もう一度試すか、別の方法でログインしてください。
error-passkey-unknown = このパスキーは登録されていません。別の方法でログインしてください。
error-code = コードが正しくありません。確認するか、新しいコードを取得してください。
error-code-expired = コードの有効期限が切れています。新しいコードを取得してください。
error-code-used = このコードはすでに使用されています。次のコードをお待ちください。
error-expired = 時間切れになりました。最初からやり直してください。
error-attempts = パスワードを間違えた回数が多すぎます。しばらく待ってからもう一度お試しください。
error-disabled = このアカウントは無効になっています。アプリの運営者にお問い合わせください。
error-password-policy = より強力なパスワードを設定してください。{ $policy }。
error-password-used = このパスワードは以前に使用されています。別のパスワードを設定してください。
error-password-wrong = 現在のパスワードが正しくありません。もう一度お試しください。
error-name-taken = このユーザー名はすでに使われています。別のユーザー名にするか、ログインしてください。
error-address-taken = このメールアドレスまたは電話番号は、別のアカウントで使われています。別のものを入力してください。
error-entry = 入力内容を確認してください。
error-refused = アプリからのメッセージ：{ $detail }
error-field = 次の項目を確認してください：{ $field }
error-name = このユーザー名は使用できません。128文字以内で、スペースは使えません。
error-name-is-address = メールアドレスや電話番号のように見えるため、このユーザー名は使用できません。別のユーザー名を設定してください。
error-password = このパスワードは使用できません。256文字以内で、先頭と末尾にスペースは使えません。
error-password-needed = パスワードを設定してください。
error-email = メールアドレスの形式が正しくありません。例：name@example.com
error-phone = 電話番号の形式が正しくありません。「+」と国番号から入力してください。例：+81312345678
error-sign-up-closed = ここではアカウントを作成できません。アプリの運営者に依頼してください。
error-delivery = メッセージを送信できませんでした。後でもう一度お試しください。
error-passkey-limit = パスキーの数が上限に達しています。先にいずれかを削除してください。
error-passkey-not-accepted = この種類のパスキーはここでは使えません。別のパスキーを使ってください。
error-passkey-gone = このパスキーはすでに存在しません。
error-passkey-changed = パスキーの管理アプリがこのパスキーを変更したため、ここでは使えなくなりました。別の方法でログインし、新しいパスキーを作成してください。
error-last-factor = これはアカウントにログインする最後の手段です。先に別のパスキーを追加するか、パスワードを設定してください。
error-reset-needed = ログインするには、新しいパスワードの設定が必要です。
error-no-pages = このアプリクライアントにはログインページがありません。ログインページを使うには、OAuth 2.0のコードフローまたはインプリシットフローを許可してください。
error-account-address = お使いのアプリからアカウントを開くか、アドレスにアプリのclient_idを付けて開いてください。
error-no-method = まだオンにできません。先に、必要なメールアドレスまたは電話番号を確認してください。
passkeys-rest = 2段階認証がオンの間は、パスキーではログインできません。パスワードとコードを使用します。
error-app-code = コードが正しくありません。アプリに今表示されているコードを入力してください。
error-password-first = これをオンにすると、ログインできなくなります。先にパスワードを設定してください。
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
asked-again = 可能な場合は、メッセージをもう一度送信しました。最新のメッセージを使ってください。
send-link-again = 新しいリンクを送信
confirm-with-password = 別のブラウザで登録されたか、他の人がこのアドレスで登録しました。パスワードを設定して登録を完了してください。
confirm-link-incomplete = リンクが不完全です。メッセージからもう一度開いてください。
confirm-link-before = アカウントはすでに確認されています。ログインできます。
confirm-link-failed = アカウントを確認できませんでした。リンクが古い可能性があります。登録した画面で新しいリンクを取得してください。
confirmed = アカウントを確認しました
not-confirmed = アカウントを確認できません
