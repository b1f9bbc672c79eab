# نصوص الصفحات بالعربية: ترجمة لملف en.ftl (https://projectfluent.org).
# { $name } موضع يملؤه البرنامج. «مفتاح المرور» هو المصطلح المعتاد لكلمة passkey.

language-name = العربية

## Everywhere

skip-to-content = الانتقال إلى المحتوى
language = اللغة
problem-title = مشكلة:
next = التالي
back = رجوع
cancel = إلغاء
confirm = تأكيد
save = حفظ
or = أو
optional = (اختياري)
code = الرمز
send-code = إرسال رمز
send-again = إرسال رمز جديد
wrong-address = العنوان غير صحيح؟ أعِد التسجيل
code-sent-to = أرسلنا رمزًا إلى { $to }.
code-sent = إذا كان هذا الحساب موجودًا، فقد أرسلنا إليه رمزًا.
development-inbox = هذا خادم تطوير. تصل الرسائل إلى صندوق الوارد الخاص به.
open-inbox = فتح صندوق الوارد الخاص بالتطوير
inbox-title = صندوق الوارد الخاص بالتطوير
inbox-what = لم يتم إعداد خادم بريد، لذلك تبقى الرسائل هنا بدلًا من إرسالها. الأحدث أولًا.
inbox-empty = لا توجد رسائل بعد.

## Signing in

sign-in = تسجيل الدخول
username = اسم المستخدم
email = عنوان البريد الإلكتروني
phone = رقم الهاتف
username-or-email = اسم المستخدم أو عنوان البريد الإلكتروني
username-or-phone = اسم المستخدم أو رقم الهاتف
email-or-phone = عنوان البريد الإلكتروني أو رقم الهاتف
username-email-or-phone = اسم المستخدم أو عنوان البريد الإلكتروني أو رقم الهاتف
sign-in-with-passkey = تسجيل الدخول بمفتاح مرور
new-here = هل هذه زيارتك الأولى؟
have-account = هل لديك حساب بالفعل؟
terms-of-use = شروط الاستخدام
privacy-policy = سياسة الخصوصية
not-you = ليس هذا حسابك؟
your-password = أدخِل كلمة المرور
password = كلمة المرور
show-password = إظهار كلمة المرور
forgot-password = هل نسيت كلمة المرور؟
other-ways = طرق أخرى لتسجيل الدخول
how-to-sign-in = اختر طريقة تسجيل الدخول
use-password = استخدام كلمة المرور
use-passkey = استخدام مفتاح مرور
email-code = تلقّي رمز بالبريد الإلكتروني
text-code = تلقّي رمز برسالة نصية
app-code = استخدام رمز من تطبيق المصادقة
use-your-passkey = تسجيل الدخول بمفتاح المرور
passkey-how = سيطلب جهازك بصمة إصبعك أو وجهك أو قفل الشاشة.
passkey-not-used = تعذّر تسجيل الدخول بمفتاح مرور. أعِد المحاولة أو سجّل الدخول بطريقة أخرى.
passkey-needs-script = تحتاج مفاتيح المرور إلى JavaScript. فعّله في متصفحك أو سجّل الدخول بطريقة أخرى.
passkey-unsupported = لا يدعم هذا المتصفح مفاتيح المرور. سجّل الدخول بطريقة أخرى أو استخدم متصفحًا آخر.
passkey-other-host = تعمل مفاتيح المرور لمجموعة المستخدمين هذه على { $host } فقط.
open-on-host = فتح هذه الصفحة على { $host }
enter-code = أدخِل الرمز
code-from-app = أدخِل الرمز المكوّن من 6 أرقام من تطبيق المصادقة.
choose-new-password = اختر كلمة مرور جديدة
choose-new-password-why = سجّلت الدخول بكلمة مرور مؤقتة. اختر كلمة مرور لا يعرفها غيرك.
new-password = كلمة المرور الجديدة
save-password = حفظ كلمة المرور
set-up-app = إعداد تطبيق مصادقة
set-up-app-how = امسح رمز QR هذا بتطبيق المصادقة، ثم أدخِل الرمز الذي يعرضه التطبيق.
set-up-app-by-hand = تعذّر المسح؟ أدخِل هذا المفتاح في التطبيق:
set-up-app-picture = رمز QR يحتوي على المفتاح لتطبيق المصادقة
code-of-app = الرمز من التطبيق
choose-account = اختر حسابًا
continue-as = المتابعة باسم { $name }
another-account = استخدام حساب آخر
step-up-why = لإجراء هذا التغيير، يُرجى تسجيل الدخول مرة أخرى.
set-up-app-open = فتح في تطبيق المصادقة
copy-key = نسخ المفتاح
copied = تم النسخ.

## Signing up

sign-up = إنشاء حساب
password-optional-why = إذا تركت هذا الحقل فارغًا، فستسجّل الدخول بالرموز أو بمفاتيح المرور.
confirm-account = تأكيد حسابك
account-confirmed = تم تأكيد حسابك. يمكنك الآن تسجيل الدخول.

## A forgotten password

reset-password = إعادة تعيين كلمة المرور
reset-password-how = سنرسل إليك رمزًا لتختار كلمة مرور جديدة.
back-to-sign-in = العودة إلى تسجيل الدخول
password-saved = تم حفظ كلمة المرور الجديدة. استخدمها لتسجيل الدخول.

## Password rules

policy-length = { $count ->
    [few] { $count } أحرف على الأقل
   *[other] { $count } حرفًا على الأقل
}
policy-uppercase = حرف كبير
policy-lowercase = حرف صغير
policy-number = رقم
policy-symbol = رمز خاص

## Passkeys

passkeys = مفاتيح المرور
add-passkey = إضافة مفتاح مرور
add-passkey-question = هل تريد تسجيل الدخول أسرع في المرة القادمة؟
add-passkey-why = يتيح لك مفتاح المرور تسجيل الدخول ببصمة إصبعك أو وجهك أو قفل الشاشة. لا يمكن لأحد تخمينه أو خداعك للحصول عليه.
not-now = ليس الآن
passkey-not-made = لم يتم إنشاء مفتاح المرور. أعِد المحاولة الآن أو لاحقًا.
passkey-exists = يوجد بالفعل مفتاح مرور لحسابك على هذا الجهاز.
no-passkeys = ليس لديك مفتاح مرور بعد. مفتاح المرور هو أكثر طرق تسجيل الدخول أمانًا وسرعة.
passkey = مفتاح مرور
added-on = أُضيف في { $date }
last-used-on = آخر استخدام في { $date }
never-used = لم يُستخدم قط
synced = تتم مزامنته بين أجهزتك
one-device = على جهاز واحد فقط
on-device = مدمج في جهاز
on-key = مفتاح أمان
on-phone = هاتف أو جهاز آخر
on-other = مفتاح أمان أو جهاز آخر
rename = إعادة تسمية
rename-it = إعادة تسمية { $name }
new-name = الاسم الجديد
delete = حذف
delete-it = حذف { $name }
delete-passkey-title = هل تريد حذف «{ $name }»؟
delete-passkey-what = لن تتمكن من تسجيل الدخول بمفتاح المرور هذا بعد الآن. لا يمكن التراجع عن هذا الإجراء.
delete-passkey-manager = إذا كان متصفحك يدعم ذلك، فسيحذفه مدير مفاتيح المرور أيضًا. وإذا ظل معروضًا عليك لاحقًا، فاحذفه من هناك.
delete-passkey-last = هذا مفتاح المرور الوحيد لديك. سيكون عليك تسجيل الدخول بطريقة أخرى.
delete-passkey-no-way = هذه آخر طريقة لتسجيل الدخول إلى حسابك. بدونها لن يتمكن أحد من تسجيل الدخول، ولا حتى أنت. عيّن كلمة مرور أو أضِف مفتاح مرور آخر أولًا.
delete-passkey-ends-others = سيتم إنهاء جميع جلساتك الأخرى.
delete-passkey-ends-all = سيتم إنهاء جميع جلساتك، بما فيها هذه الجلسة.
passkeys-count = { $count } من { $maximum } كحد أقصى
passkeys-rest-now = التحقق بخطوتين مفعّل، لذلك تسجّل الدخول بكلمة المرور والخطوة الثانية، لا بمفتاح مرور.
delete-passkey-this = هل تريد حذف مفتاح المرور هذا؟
delete-passkey = حذف مفتاح المرور

## The account

your-account = حسابك
sign-out = تسجيل الخروج
sign-out-ask = هل تريد تسجيل الخروج؟
stay-signed-in = البقاء مسجّل الدخول
leaving = جارٍ إعادتك إلى التطبيق
go-on = متابعة
signed-out = تم تسجيل خروجك.
sessions = جلساتك المفتوحة
this-browser = هذا المتصفح
session-pages = متصفح
session-since = منذ { $date }
end-it = تسجيل الخروج: { $name }، منذ { $date }
sign-out-elsewhere = تسجيل الخروج من كل مكان آخر
more-sessions = تُعرض أحدث جلساتك فقط.
sign-in-details = بيانات تسجيل الدخول
verified = تم التحقق
not-verified = لم يتم التحقق
verify-email = التحقق من هذا العنوان
verify-phone = التحقق من هذا الرقم
change-password = تغيير كلمة المرور
present-password = كلمة المرور الحالية
no-password = ليس لديك كلمة مرور بعد.
set-password = تعيين كلمة مرور
second-factor = التحقق بخطوتين
second-factor-why = بعد كلمة المرور، تُدخل رمزًا كخطوة ثانية.
method-app = تطبيق المصادقة
method-sms = رموز بالرسائل النصية
method-email = رموز بالبريد الإلكتروني
on = مفعّل
off = غير مفعّل
switch-on = تفعيل
switch-off = إيقاف
delete-account = حذف الحساب
delete-account-what = سيتم حذف حسابك ومفاتيح المرور الخاصة بك وكل ما هو محفوظ معها. لا يمكن التراجع عن هذا الإجراء.
delete-account-title = هل تريد حذف حسابك؟
delete-account-sure = نعم، أريد حذف حسابي
account-deleted = تم حذف الحساب
account-deleted-what = تم حذف حسابك ومفاتيح المرور الخاصة بك. إذا كان متصفحك يدعم ذلك، فسيحذفها مدير مفاتيح المرور أيضًا. وإذا ظل أحدها معروضًا عليك لاحقًا، فاحذفه من هناك.
back-to = العودة إلى { $to }
browser-on = { $browser } على { $system }
change = تغيير
change-email = تغيير عنوان بريدك الإلكتروني
change-phone = تغيير رقم هاتفك
not-given = غير محدد

## What was done

done-passkey-added = تمت إضافة مفتاح المرور.
done-passkey-renamed = تمت إعادة تسمية مفتاح المرور.
done-passkey-deleted = تم حذف مفتاح المرور.
done-session-ended = تم إنهاء تلك الجلسة.
done-others-ended = تم إنهاء جميع جلساتك الأخرى.
done-email-saved = تم حفظ عنوان بريدك الإلكتروني.
done-email-verified = تم التحقق من عنوان بريدك الإلكتروني.
done-phone-saved = تم حفظ رقم هاتفك.
done-phone-verified = تم التحقق من رقم هاتفك.
done-password-saved = تم تغيير كلمة المرور.
done-mfa-on = تم تفعيل التحقق بخطوتين.
done-mfa-off = تم إيقاف هذه الطريقة.

## What went wrong

went-wrong = حدث خطأ ما
nowhere-what = Keystead قيد التشغيل. افتح العنوان الذي يعطيه لك تطبيقك، أو العنوان الذي عرضه الخادم عند بدء تشغيله.
nowhere = الصفحة غير موجودة
not-for-us = لا يمكننا متابعة تسجيل دخولك
not-for-us-what = الرابط الذي أوصلك إلى هنا غير صحيح. ارجع إلى التطبيق وأعِد المحاولة. إذا تكرّر ذلك، فأرسل النص أدناه إلى المسؤولين عن التطبيق.
error-internal = المشكلة من جانبنا، وليست من جانبك. يُرجى إعادة المحاولة بعد قليل.
error-request-id = معرّف الطلب: { $id }
error-busy = طلبات كثيرة جدًا. يُرجى الانتظار قليلًا ثم إعادة المحاولة.
error-forbidden = لا يسمح هذا التطبيق بالوصول من شبكتك. جرّب شبكة أخرى.
error-too-large = البيانات المرسلة كبيرة جدًا. اختصر ما أدخلته وأعِد المحاولة.
error-old-form = ظلّت هذه الصفحة مفتوحة لفترة طويلة، أو أن متصفحك يحظر ملفات تعريف الارتباط. يُرجى إعادة المحاولة.
error-credentials = لم ينجح ذلك. تحقّق مما أدخلته أو سجّل الدخول بطريقة أخرى.
error-network-blocked = لا يمكن تسجيل الدخول من شبكتك. تواصل مع القائمين على هذا التطبيق.
error-passkey = لم يعمل مفتاح المرور هذا. أعِد المحاولة أو سجّل الدخول بطريقة أخرى.
error-passkey-unknown = مفتاح المرور هذا لم يعد مسجّلًا هنا. سجّل الدخول بطريقة أخرى.
error-code = هذا الرمز غير صحيح. تحقّق منه أو اطلب رمزًا جديدًا.
error-code-expired = انتهت صلاحية هذا الرمز. اطلب رمزًا جديدًا.
error-code-used = سبق استخدام هذا الرمز. انتظر الرمز التالي.
error-expired = استغرق ذلك وقتًا طويلًا. يُرجى البدء من جديد.
error-attempts = عدد كبير جدًا من كلمات المرور الخاطئة. يُرجى الانتظار قليلًا ثم إعادة المحاولة.
error-disabled = هذا الحساب معطّل. تواصل مع المسؤولين عن هذا التطبيق.
error-password-policy = اختر كلمة مرور أقوى. { $policy }.
error-password-used = سبق أن استخدمت كلمة المرور هذه. اختر كلمة أخرى.
error-password-wrong = كلمة المرور الحالية غير صحيحة. أعِد المحاولة.
error-name-taken = اسم المستخدم هذا محجوز. اختر اسمًا آخر أو سجّل الدخول.
error-address-taken = عنوان البريد الإلكتروني أو رقم الهاتف هذا يخص حسابًا آخر. أدخِل غيره.
error-entry = يُرجى التحقق مما أدخلته.
error-refused = رسالة من التطبيق: { $detail }
error-field = يُرجى التحقق من هذا الحقل: { $field }
error-name = لا يمكن استخدام اسم المستخدم هذا. يمكن أن يتكوّن من 128 حرفًا على الأكثر ومن دون مسافات.
error-name-is-address = لا يمكن استخدام اسم المستخدم هذا لأنه يشبه عنوان بريد إلكتروني أو رقم هاتف. اختر اسمًا آخر.
error-password = لا يمكن استخدام كلمة المرور هذه. يمكن أن تتكوّن من 256 حرفًا على الأكثر، ولا يمكن أن تبدأ أو تنتهي بمسافة.
error-password-needed = اختر كلمة مرور.
error-email = هذا ليس عنوان بريد إلكتروني. أدخِل عنوانًا مثل name@example.com.
error-phone = هذا ليس رقم هاتف. ابدأ بعلامة + ثم رمز البلد، مثل { "\u200E" }+966112345678.
error-sign-up-closed = لا يمكنك إنشاء حساب هنا. اطلب حسابًا من المسؤولين عن هذا التطبيق.
error-delivery = تعذّر إرسال الرسالة. يُرجى إعادة المحاولة لاحقًا.
error-passkey-limit = بلغت الحد الأقصى لعدد مفاتيح المرور. احذف أحدها أولًا.
error-passkey-not-accepted = هذا النوع من مفاتيح المرور غير مقبول هنا. استخدم مفتاحًا آخر.
error-passkey-gone = لم يعد مفتاح المرور هذا موجودًا.
error-passkey-changed = غيّر مدير مفاتيح المرور هذا المفتاح، لذلك لم يعد يعمل هنا. سجّل الدخول بطريقة أخرى ثم أنشئ مفتاح مرور جديدًا.
error-last-factor = هذه آخر طريقة لتسجيل الدخول إلى حسابك. أضِف مفتاح مرور آخر أو عيّن كلمة مرور أولًا.
error-reset-needed = تحتاج إلى كلمة مرور جديدة لتتمكن من تسجيل الدخول.
error-no-pages = ليس لعميل التطبيق هذا صفحات لتسجيل الدخول. لتوفيرها، اسمح له بتدفق الرمز أو التدفق الضمني في OAuth 2.0.
error-account-address = افتح حسابك من التطبيق الذي تستخدمه، أو أضِف client_id الخاص به إلى العنوان.
error-no-method = لا يمكنك تفعيل هذا بعد. تحقّق أولًا من عنوان البريد الإلكتروني أو رقم الهاتف اللازم.
passkeys-rest = ما دام التحقق بخطوتين مفعّلًا، لا يمكنك تسجيل الدخول بمفاتيح المرور هنا. استخدم كلمة المرور ورمزًا.
error-app-code = هذا الرمز غير صحيح. أدخِل الرمز الذي يعرضه التطبيق الآن.
error-password-first = إذا فعّلت هذا، فلن تتمكن من تسجيل الدخول. عيّن كلمة مرور أولًا.
error-no-way-left = لن تبقى لديك أي طريقة لتسجيل الدخول. أضِف مفتاح مرور أو عيّن كلمة مرور أولًا.
error-last-method = التحقق بخطوتين مطلوب هنا، لذلك لا يمكنك إيقاف طريقتك الأخيرة.

## Attributes

attribute-name = الاسم الكامل
attribute-given_name = الاسم الأول
attribute-family_name = اسم العائلة
attribute-middle_name = الاسم الأوسط
attribute-nickname = اللقب
attribute-preferred_username = اسم المستخدم المفضّل
attribute-birthdate = تاريخ الميلاد
attribute-address = العنوان
attribute-locale = اللغة والمنطقة
attribute-zoneinfo = المنطقة الزمنية
attribute-website = الموقع الإلكتروني
attribute-gender = الجنس
attribute-picture = الصورة
attribute-profile = صفحة الملف الشخصي
attribute-updated_at = آخر تغيير

## The link that confirms an account

confirm-link = لإكمال التسجيل، أكِّد أن هذا العنوان يخصّك.
link-sent-to = أرسلنا رابطًا إلى { $to }. افتحه في هذا المتصفح، ثم سجّل الدخول.
link-sent = إذا كان هذا الحساب موجودًا، فقد أرسلنا إليه رابطًا. افتحه في هذا المتصفح، ثم سجّل الدخول.
code-or-link-sent = إذا كان هذا الحساب موجودًا، فقد أرسلنا إليه رسالة. افتح الرابط في هذا المتصفح وسجّل الدخول، أو أدخِل الرمز.
asked-again = أعدنا إرسال الرسالة إن كان ذلك ممكنًا. استخدم أحدث رسالة.
send-link-again = إرسال رابط جديد
confirm-with-password = سجّلت حسابك في متصفح آخر، أو سجّل شخص آخر حسابًا بعنوانك. اختر كلمة مرور لإكمال التسجيل.
confirm-link-incomplete = هذا الرابط غير مكتمل. افتحه مرة أخرى من الرسالة.
confirm-link-before = تم تأكيد حسابك من قبل. يمكنك تسجيل الدخول.
confirm-link-failed = تعذّر تأكيد حسابك. ربما يكون الرابط قديمًا. اطلب رابطًا جديدًا من الصفحة التي سجّلت فيها.
confirmed = تم تأكيد الحساب
not-confirmed = لم يتم تأكيد الحساب
