# Los textos de las páginas en español: una traducción de en.ftl (https://projectfluent.org).
# { $name } es un lugar que rellena el programa. «Llave de acceso» es el término habitual para passkey.

language-name = Español

## Everywhere

skip-to-content = Ir al contenido
language = Idioma
problem-title = Problema:
next = Siguiente
back = Atrás
cancel = Cancelar
confirm = Confirmar
save = Guardar
or = o
optional = (opcional)
code = Código
send-code = Enviar un código
send-again = Enviar un código nuevo
wrong-address = ¿Dirección incorrecta? Regístrate de nuevo
code-sent-to = Hemos enviado un código a { $to }.
code-sent = Si la cuenta existe, le hemos enviado un código.
development-inbox = Este es un servidor de desarrollo. Los mensajes llegan a su bandeja de entrada.
open-inbox = Abrir la bandeja de entrada de desarrollo
inbox-title = Bandeja de entrada de desarrollo
inbox-what = No hay ningún servidor de correo configurado, así que los mensajes se quedan aquí en lugar de enviarse. Primero los más recientes.
inbox-empty = Aún no hay mensajes.

## Signing in

sign-in = Iniciar sesión
username = Nombre de usuario
email = Dirección de correo electrónico
phone = Número de teléfono
username-or-email = Nombre de usuario o correo electrónico
username-or-phone = Nombre de usuario o número de teléfono
email-or-phone = Correo electrónico o número de teléfono
username-email-or-phone = Nombre de usuario, correo electrónico o número de teléfono
sign-in-with-passkey = Iniciar sesión con una llave de acceso
new-here = ¿Es tu primera vez aquí?
have-account = ¿Ya tienes una cuenta?
terms-of-use = Condiciones de uso
privacy-policy = Política de privacidad
not-you = ¿No eres tú?
your-password = Introduce tu contraseña
password = Contraseña
show-password = Mostrar contraseña
forgot-password = ¿Olvidaste tu contraseña?
other-ways = Otras formas de iniciar sesión
how-to-sign-in = Elige cómo iniciar sesión
use-password = Usar tu contraseña
use-passkey = Usar una llave de acceso
email-code = Recibir un código por correo electrónico
text-code = Recibir un código por SMS
app-code = Usar un código de tu app de autenticación
use-your-passkey = Inicia sesión con tu llave de acceso
passkey-how = Tu dispositivo te pedirá la huella digital, el rostro o el bloqueo de pantalla.
passkey-not-used = No se ha podido iniciar sesión con una llave de acceso. Inténtalo de nuevo o inicia sesión de otra forma.
passkey-needs-script = Las llaves de acceso necesitan JavaScript. Actívalo en tu navegador o inicia sesión de otra forma.
passkey-unsupported = Este navegador no admite llaves de acceso. Inicia sesión de otra forma o usa otro navegador.
passkey-other-host = Las llaves de acceso de este grupo de usuarios solo funcionan en { $host }.
open-on-host = Abrir esta página en { $host }
enter-code = Introduce el código
code-from-app = Introduce el código de 6 dígitos de tu app de autenticación.
choose-new-password = Elige una contraseña nueva
choose-new-password-why = Has iniciado sesión con una contraseña temporal. Elige una que nadie más sepa.
new-password = Contraseña nueva
save-password = Guardar contraseña
set-up-app = Configurar una app de autenticación
set-up-app-how = Escanea este código QR con tu app de autenticación y luego introduce el código que muestra la app.
set-up-app-by-hand = ¿No puedes escanearlo? Introduce esta clave en la app:
set-up-app-picture = Código QR con la clave para tu app de autenticación
code-of-app = Código de la app
choose-account = Elige una cuenta
continue-as = Continuar como { $name }
another-account = Usar otra cuenta
step-up-why = Para hacer este cambio, vuelve a iniciar sesión.
set-up-app-open = Abrir en tu app de autenticación
copy-key = Copiar la clave
copied = Copiada.

## Signing up

sign-up = Crear una cuenta
password-optional-why = Si dejas este campo vacío, iniciarás sesión con códigos o llaves de acceso.
confirm-account = Confirma tu cuenta
account-confirmed = Tu cuenta está confirmada. Ya puedes iniciar sesión.

## A forgotten password

reset-password = Restablece tu contraseña
reset-password-how = Te enviaremos un código para que puedas elegir una contraseña nueva.
back-to-sign-in = Volver al inicio de sesión
password-saved = Tu contraseña nueva se ha guardado. Inicia sesión con ella.

## Password rules

policy-length = Al menos { $count } caracteres
policy-uppercase = una letra mayúscula
policy-lowercase = una letra minúscula
policy-number = un número
policy-symbol = un símbolo

## Passkeys

passkeys = Llaves de acceso
add-passkey = Añadir una llave de acceso
add-passkey-question = ¿Quieres iniciar sesión más rápido la próxima vez?
add-passkey-why = Con una llave de acceso inicias sesión con la huella digital, el rostro o el bloqueo de pantalla. Nadie puede adivinarla ni quitártela con engaños.
not-now = Ahora no
passkey-not-made = No se ha creado la llave de acceso. Inténtalo de nuevo o hazlo más tarde.
passkey-exists = Este dispositivo ya tiene una llave de acceso para tu cuenta.
no-passkeys = Aún no tienes ninguna llave de acceso. Es la forma más segura y rápida de iniciar sesión.
passkey = Llave de acceso
added-on = Añadida el { $date }
last-used-on = Usada por última vez el { $date }
never-used = Nunca usada
synced = Sincronizada entre tus dispositivos
one-device = Solo en un dispositivo
on-device = Integrada en un dispositivo
on-key = Llave de seguridad
on-phone = Teléfono u otro dispositivo
on-other = Llave de seguridad u otro dispositivo
rename = Cambiar nombre
rename-it = Cambiar nombre de { $name }
new-name = Nombre nuevo
delete = Eliminar
delete-it = Eliminar { $name }
delete-passkey-title = ¿Eliminar «{ $name }»?
delete-passkey-what = Ya no podrás iniciar sesión con esta llave de acceso. Esta acción no se puede deshacer.
delete-passkey-manager = Si tu navegador lo permite, tu gestor de llaves de acceso también la elimina. Si más adelante se te sigue ofreciendo, elimínala allí.
delete-passkey-last = Es tu única llave de acceso. Tendrás que iniciar sesión de otra manera.
delete-passkey-no-way = Es la última forma de iniciar sesión en tu cuenta. Sin ella nadie podrá iniciar sesión, ni siquiera tú. Crea antes una contraseña o añade otra llave de acceso.
delete-passkey-ends-others = Se cerrarán todas tus demás sesiones.
delete-passkey-ends-all = Se cerrarán todas tus sesiones, también esta.
passkeys-count = { $count } de { $maximum } como máximo
passkeys-rest-now = La verificación en dos pasos está activada, así que inicias sesión con tu contraseña y el segundo paso, no con una llave de acceso.
delete-passkey-this = ¿Eliminar esta llave de acceso?
delete-passkey = Eliminar llave de acceso

## The account

your-account = Tu cuenta
sign-out = Cerrar sesión
sign-out-ask = ¿Cerrar sesión?
stay-signed-in = Mantener la sesión iniciada
leaving = Volviendo a la aplicación
go-on = Continuar
signed-out = Has cerrado sesión.
sessions = Tus sesiones abiertas
this-browser = este navegador
session-pages = Navegador
session-since = Desde el { $date }
end-it = Cerrar sesión: { $name }, desde el { $date }
sign-out-elsewhere = Cerrar todas las demás sesiones
more-sessions = Solo se muestran las sesiones más recientes.
sign-in-details = Datos de inicio de sesión
verified = verificado
not-verified = sin verificar
verify-email = Verificar esta dirección
verify-phone = Verificar este número
change-password = Cambiar contraseña
present-password = Contraseña actual
no-password = Aún no tienes contraseña.
set-password = Crear una
second-factor = Verificación en dos pasos
second-factor-why = Después de la contraseña, introduces un código como segundo paso.
method-app = Código de una app de autenticación
method-sms = Código por SMS
method-email = Código por correo electrónico
on = activado
off = desactivado
switch-on = Activar
switch-off = Desactivar
delete-account = Eliminar cuenta
delete-account-what = Se eliminarán tu cuenta, tus llaves de acceso y todo lo que está guardado con ellas. Esta acción no se puede deshacer.
delete-account-title = ¿Quieres eliminar tu cuenta?
delete-account-sure = Sí, eliminar mi cuenta
account-deleted = Cuenta eliminada
account-deleted-what = Tu cuenta y tus llaves de acceso se han eliminado. Si tu navegador lo permite, tu gestor de llaves de acceso también las elimina. Si más adelante se te sigue ofreciendo alguna, elimínala allí.
back-to = Volver a { $to }
browser-on = { $browser } en { $system }
change = Cambiar
change-email = Cambiar tu dirección de correo electrónico
change-phone = Cambiar tu número de teléfono
not-given = Sin indicar

## What was done

done-passkey-added = Tu llave de acceso se ha añadido.
done-passkey-renamed = Se ha cambiado el nombre de la llave de acceso.
done-passkey-deleted = La llave de acceso se ha eliminado.
done-session-ended = Esa sesión se ha cerrado.
done-others-ended = Se han cerrado todas tus demás sesiones.
done-email-saved = Tu dirección de correo electrónico se ha guardado.
done-email-verified = Tu dirección de correo electrónico está verificada.
done-phone-saved = Tu número de teléfono se ha guardado.
done-phone-verified = Tu número de teléfono está verificado.
done-password-saved = Tu contraseña se ha cambiado.
done-mfa-on = La verificación en dos pasos está activada.
done-mfa-off = Ese método está desactivado.

## What went wrong

went-wrong = Algo ha salido mal
nowhere-what = Keystead está funcionando. Abre la dirección que te da tu aplicación, o la que mostró el servidor al arrancar.
nowhere = Página no encontrada
not-for-us = No podemos continuar con tu inicio de sesión
not-for-us-what = El enlace que te ha traído aquí no es correcto. Vuelve a la aplicación e inténtalo de nuevo. Si vuelve a ocurrir, envía el texto de abajo a los responsables de la aplicación.
error-internal = El problema es nuestro, no tuyo. Inténtalo de nuevo en un momento.
error-request-id = ID de la solicitud: { $id }
error-busy = Demasiadas solicitudes. Espera un momento e inténtalo de nuevo.
error-forbidden = Esta aplicación no permite el acceso desde tu red. Prueba con otra red.
error-too-large = Son demasiados datos. Acorta lo que has escrito e inténtalo de nuevo.
error-old-form = Esta página ha estado abierta demasiado tiempo o tu navegador bloquea las cookies. Inténtalo de nuevo.
error-credentials = No ha funcionado. Comprueba lo que has escrito o inicia sesión de otra forma.
error-network-blocked = No puedes iniciar sesión desde esta red. Prueba con otra o pide ayuda.
error-passkey = Esta llave de acceso no ha funcionado. Inténtalo de nuevo o inicia sesión de otra forma.
error-passkey-unknown = Esta llave de acceso ya no está registrada aquí. Inicia sesión de otra forma.
error-code = Este código no es correcto. Compruébalo o pide uno nuevo.
error-code-expired = Este código ha caducado. Pide uno nuevo.
error-code-used = Este código ya se ha usado. Espera al siguiente.
error-expired = Ha pasado demasiado tiempo. Empieza de nuevo.
error-attempts = Demasiadas contraseñas incorrectas. Espera un rato antes de volver a intentarlo.
error-disabled = Esta cuenta está desactivada. Ponte en contacto con los responsables de esta aplicación.
error-password-policy = Elige una contraseña más segura. { $policy }.
error-password-used = Ya usaste esta contraseña. Elige otra.
error-password-wrong = Tu contraseña actual no es correcta. Inténtalo de nuevo.
error-name-taken = Este nombre de usuario ya está en uso. Elige otro o inicia sesión.
error-address-taken = Este correo electrónico o número de teléfono pertenece a otra cuenta. Introduce otro.
error-entry = Revisa los datos introducidos.
error-refused = Mensaje de la aplicación: { $detail }
error-field = Revisa este campo: { $field }
error-name = Este nombre de usuario no se puede usar. Puede tener hasta 128 caracteres, sin espacios.
error-name-is-address = Este nombre de usuario no se puede usar, porque parece una dirección de correo electrónico o un número de teléfono. Elige otro.
error-password = Esta contraseña no se puede usar. Puede tener hasta 256 caracteres y no puede empezar ni terminar con un espacio.
error-password-needed = Elige una contraseña.
error-email = Esto no es una dirección de correo electrónico. Introduce una como nombre@example.com.
error-phone = Esto no es un número de teléfono. Empieza con + y el código del país, por ejemplo +34912345678.
error-sign-up-closed = Aquí no puedes crear una cuenta. Pídela a los responsables de esta aplicación.
error-delivery = No hemos podido enviar el mensaje. Inténtalo más tarde.
error-passkey-limit = Has alcanzado el número máximo de llaves de acceso. Elimina una primero.
error-passkey-not-accepted = Este tipo de llave de acceso no se acepta aquí. Usa otra.
error-passkey-gone = Esta llave de acceso ya no existe.
error-passkey-changed = Tu gestor ha modificado esta llave de acceso y ya no funciona aquí. Inicia sesión de otra forma y crea una nueva.
error-last-factor = Es la última forma de iniciar sesión en tu cuenta. Añade primero otra llave de acceso o crea una contraseña.
error-reset-needed = Necesitas una contraseña nueva para poder iniciar sesión.
error-no-pages = Este cliente de aplicación no tiene páginas de inicio de sesión. Para que las tenga, permítele un flujo de OAuth 2.0 de código o implícito.
error-account-address = Abre tu cuenta desde la aplicación que usas o añade su client_id a la dirección.
error-no-method = Aún no se puede activar. Verifica primero el correo electrónico o el número de teléfono que necesita.
passkeys-rest = Mientras la verificación en dos pasos esté activada, no puedes iniciar sesión aquí con llaves de acceso. Usas tu contraseña y un código.
error-app-code = Este código no es correcto. Introduce el que la app muestra ahora.
error-password-first = Con esto activado ya no podrías iniciar sesión. Crea primero una contraseña.
error-no-way-left = No te quedaría ninguna forma de iniciar sesión. Añade primero una llave de acceso o crea una contraseña.
error-last-method = La verificación en dos pasos es obligatoria aquí. No puedes desactivar tu último método.

## Attributes

attribute-name = Nombre completo
attribute-given_name = Nombre
attribute-family_name = Apellidos
attribute-middle_name = Segundo nombre
attribute-nickname = Apodo
attribute-preferred_username = Nombre de usuario preferido
attribute-birthdate = Fecha de nacimiento
attribute-address = Dirección
attribute-locale = Idioma y región
attribute-zoneinfo = Zona horaria
attribute-website = Sitio web
attribute-gender = Género
attribute-picture = Foto
attribute-profile = Página de perfil
attribute-updated_at = Último cambio

## The link that confirms an account

confirm-link = Para terminar de crear tu cuenta, confirma que esta dirección es tuya.
link-sent-to = Hemos enviado un enlace a { $to }. Ábrelo en este navegador y después inicia sesión.
link-sent = Si la cuenta existe, le hemos enviado un enlace. Ábrelo en este navegador y después inicia sesión.
code-or-link-sent = Si la cuenta existe, le hemos enviado un mensaje. Abre el enlace en este navegador e inicia sesión, o introduce el código.
asked-again = Hemos enviado el mensaje de nuevo, si era posible. Usa el más reciente.
send-link-again = Enviar un enlace nuevo
confirm-with-password = Te registraste en otro navegador, o alguien se registró con tu dirección. Elige una contraseña para terminar.
confirm-link-incomplete = Este enlace está incompleto. Ábrelo de nuevo desde el mensaje.
confirm-link-before = Tu cuenta ya está confirmada. Puedes iniciar sesión.
confirm-link-failed = No hemos podido confirmar tu cuenta. Puede que el enlace sea demasiado antiguo. Pide uno nuevo donde creaste tu cuenta.
confirmed = Cuenta confirmada
not-confirmed = Cuenta no confirmada
