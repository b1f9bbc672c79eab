# Os textos das páginas em português do Brasil, que também se leem bem em Portugal: uma tradução de en.ftl
# (https://projectfluent.org). { $name } é um lugar que o programa preenche. «Chave de acesso» é o termo usual para passkey.

language-name = Português

## Everywhere

skip-to-content = Ir para o conteúdo
language = Idioma
problem-title = Problema:
next = Avançar
back = Voltar
cancel = Cancelar
confirm = Confirmar
save = Salvar
or = ou
optional = (opcional)
code = Código
send-code = Enviar um código
send-again = Enviar um novo código
wrong-address = Endereço incorreto? Cadastre-se de novo
code-sent-to = Enviamos um código para { $to }.
code-sent = Se essa conta existir, enviamos um código para ela.
development-inbox = Este é um servidor de desenvolvimento. As mensagens vão para a caixa de entrada dele.
open-inbox = Abrir a caixa de entrada de desenvolvimento
inbox-title = Caixa de entrada de desenvolvimento
inbox-what = Nenhum servidor de e-mail está configurado, por isso as mensagens ficam aqui em vez de serem enviadas. As mais recentes primeiro.
inbox-empty = Ainda não há mensagens.

## Signing in

sign-in = Entrar
username = Nome de usuário
email = Endereço de e-mail
phone = Número de telefone
username-or-email = Nome de usuário ou endereço de e-mail
username-or-phone = Nome de usuário ou número de telefone
email-or-phone = Endereço de e-mail ou número de telefone
username-email-or-phone = Nome de usuário, endereço de e-mail ou número de telefone
sign-in-with-passkey = Entrar com uma chave de acesso
new-here = É sua primeira vez aqui?
have-account = Já tem uma conta?
terms-of-use = Termos de uso
privacy-policy = Política de privacidade
not-you = Não é você?
your-password = Digite sua senha
password = Senha
show-password = Mostrar senha
forgot-password = Esqueceu sua senha?
other-ways = Outras formas de entrar
how-to-sign-in = Escolha como entrar
use-password = Usar sua senha
use-passkey = Usar uma chave de acesso
email-code = Receber um código por e-mail
text-code = Receber um código por SMS
app-code = Usar um código do seu app autenticador
use-your-passkey = Entre com sua chave de acesso
passkey-how = Seu dispositivo vai pedir sua impressão digital, seu rosto ou o bloqueio de tela.
passkey-not-used = Não foi possível entrar com uma chave de acesso. Tente de novo ou entre de outra forma.
passkey-needs-script = As chaves de acesso precisam de JavaScript. Ative-o no navegador ou entre de outra forma.
passkey-unsupported = Este navegador não aceita chaves de acesso. Entre de outra forma ou use outro navegador.
passkey-other-host = As chaves de acesso deste grupo de usuários só funcionam em { $host }.
open-on-host = Abrir esta página em { $host }
enter-code = Digite o código
code-from-app = Digite o código de 6 dígitos do seu app autenticador.
choose-new-password = Escolha uma nova senha
choose-new-password-why = Você entrou com uma senha temporária. Escolha uma que só você saiba.
new-password = Nova senha
save-password = Salvar senha
set-up-app = Configurar um app autenticador
set-up-app-how = Escaneie este código QR com seu app autenticador e depois digite o código que o app mostra.
set-up-app-by-hand = Não consegue escanear? Digite esta chave no app:
set-up-app-picture = Código QR com a chave para seu app autenticador
code-of-app = Código do app
choose-account = Escolha uma conta
continue-as = Continuar como { $name }
another-account = Usar outra conta
step-up-why = Para fazer esta alteração, entre de novo.
set-up-app-open = Abrir no aplicativo autenticador
copy-key = Copiar a chave
copied = Copiado.

## Signing up

sign-up = Criar uma conta
password-optional-why = Se deixar o campo vazio, você entrará com códigos ou chaves de acesso.
confirm-account = Confirme sua conta
account-confirmed = Sua conta está confirmada. Você já pode entrar.

## A forgotten password

reset-password = Redefina sua senha
reset-password-how = Vamos enviar um código para você escolher uma nova senha.
back-to-sign-in = Voltar para o login
password-saved = Sua nova senha foi salva. Use-a para entrar.

## Password rules

policy-length = Pelo menos { $count } caracteres
policy-uppercase = uma letra maiúscula
policy-lowercase = uma letra minúscula
policy-number = um número
policy-symbol = um símbolo

## Passkeys

passkeys = Chaves de acesso
add-passkey = Adicionar uma chave de acesso
add-passkey-question = Quer entrar mais rápido da próxima vez?
add-passkey-why = Com uma chave de acesso, você entra com sua impressão digital, seu rosto ou o bloqueio de tela. Ninguém consegue adivinhá-la nem enganar você para obtê-la.
not-now = Agora não
passkey-not-made = A chave de acesso não foi criada. Tente de novo agora ou mais tarde.
passkey-exists = Este dispositivo já tem uma chave de acesso para sua conta.
no-passkeys = Você ainda não tem uma chave de acesso. Ela é a forma mais segura e rápida de entrar.
passkey = Chave de acesso
added-on = Adicionada em { $date }
last-used-on = Usada pela última vez em { $date }
never-used = Nunca usada
synced = Sincronizada entre seus dispositivos
one-device = Somente em um dispositivo
on-device = Integrada a um dispositivo
on-key = Chave de segurança
on-phone = Telefone ou outro dispositivo
on-other = Chave de segurança ou outro dispositivo
rename = Renomear
rename-it = Renomear { $name }
new-name = Novo nome
delete = Excluir
delete-it = Excluir { $name }
delete-passkey-title = Excluir “{ $name }”?
delete-passkey-what = Você não poderá mais entrar com esta chave de acesso. Esta ação não pode ser desfeita.
delete-passkey-manager = Se o seu navegador permitir, o gerenciador de chaves de acesso também a remove. Se ela ainda for oferecida mais tarde, remova-a nesse gerenciador.
delete-passkey-last = Esta é sua única chave de acesso. Você terá que entrar de outra forma.
delete-passkey-no-way = Esta é a última forma de entrar na sua conta. Sem ela, ninguém poderá entrar, nem mesmo você. Antes, defina uma senha ou adicione outra chave de acesso.
delete-passkey-ends-others = Todas as suas outras sessões serão encerradas.
delete-passkey-ends-all = Todas as suas sessões serão encerradas, inclusive esta.
passkeys-count = { $count } de no máximo { $maximum }
passkeys-rest-now = A verificação em duas etapas está ativada. Por isso, você entra com sua senha e a segunda etapa, e não com uma chave de acesso.
delete-passkey-this = Excluir esta chave de acesso?
delete-passkey = Excluir chave de acesso

## The account

your-account = Sua conta
sign-out = Sair
sign-out-ask = Quer sair?
stay-signed-in = Permanecer na conta
leaving = Voltando ao aplicativo
go-on = Continuar
signed-out = Você saiu da sua conta.
sessions = Suas sessões abertas
this-browser = este navegador
session-pages = Navegador
session-since = Desde { $date }
end-it = Sair: { $name }, desde { $date }
sign-out-elsewhere = Sair em todos os outros lugares
more-sessions = Só as sessões mais recentes são mostradas.
sign-in-details = Dados de acesso
verified = verificado
not-verified = não verificado
verify-email = Verificar este endereço
verify-phone = Verificar este número
change-password = Alterar senha
present-password = Senha atual
no-password = Você ainda não tem uma senha.
set-password = Definir uma
second-factor = Verificação em duas etapas
second-factor-why = Depois da senha, você digita um código como segunda etapa.
method-app = App autenticador
method-sms = Códigos por SMS
method-email = Códigos por e-mail
on = ativado
off = desativado
switch-on = Ativar
switch-off = Desativar
delete-account = Excluir conta
delete-account-what = Sua conta, suas chaves de acesso e tudo o que está salvo com elas serão excluídos. Esta ação não pode ser desfeita.
delete-account-title = Quer excluir sua conta?
delete-account-sure = Sim, excluir minha conta
account-deleted = Conta excluída
account-deleted-what = Sua conta e suas chaves de acesso foram excluídas. Se o seu navegador permitir, o gerenciador de chaves de acesso também as remove. Se alguma ainda for oferecida mais tarde, remova-a nesse gerenciador.
back-to = Voltar para { $to }
browser-on = { $browser } em { $system }
change = Alterar
change-email = Alterar seu endereço de e-mail
change-phone = Alterar seu número de telefone
not-given = Não informado

## What was done

done-passkey-added = Sua chave de acesso foi adicionada.
done-passkey-renamed = A chave de acesso foi renomeada.
done-passkey-deleted = A chave de acesso foi excluída.
done-session-ended = Essa sessão foi encerrada.
done-others-ended = Todas as suas outras sessões foram encerradas.
done-email-saved = Seu endereço de e-mail foi salvo.
done-email-verified = Seu endereço de e-mail está verificado.
done-phone-saved = Seu número de telefone foi salvo.
done-phone-verified = Seu número de telefone está verificado.
done-password-saved = Sua senha foi alterada.
done-mfa-on = A verificação em duas etapas está ativada.
done-mfa-off = Esse método está desativado.

## What went wrong

went-wrong = Algo deu errado
nowhere-what = O Keystead está funcionando. Abra o endereço que seu aplicativo fornece ou o que o servidor mostrou ao iniciar.
nowhere = Página não encontrada
not-for-us = Não podemos continuar seu login
not-for-us-what = O link que trouxe você até aqui não está correto. Volte ao aplicativo e tente de novo. Se isso acontecer outra vez, envie o texto abaixo aos responsáveis pelo aplicativo.
error-internal = O problema é nosso, não seu. Tente de novo daqui a pouco.
error-request-id = ID da solicitação: { $id }
error-busy = Solicitações demais. Aguarde um momento e tente de novo.
error-forbidden = Este aplicativo não permite o acesso a partir da sua rede. Tente em outra rede.
error-too-large = São dados demais. Encurte o que você digitou e tente de novo.
error-old-form = Esta página ficou aberta tempo demais ou seu navegador bloqueia cookies. Tente de novo.
error-credentials = Não funcionou. Verifique o que você digitou ou entre de outra forma.
error-network-blocked = Não é possível entrar a partir da sua rede. Fale com quem administra este aplicativo.
error-passkey = Esta chave de acesso não funcionou. Tente de novo ou entre de outra forma.
error-passkey-unknown = Esta chave de acesso não está mais registrada aqui. Entre de outra forma.
error-code = Este código não está correto. Verifique-o ou peça um novo.
error-code-expired = Este código expirou. Peça um novo.
error-code-used = Este código já foi usado. Espere o próximo.
error-expired = Demorou demais. Comece de novo.
error-attempts = Senhas incorretas demais. Aguarde um pouco e tente de novo.
error-disabled = Esta conta está desativada. Fale com os responsáveis por este aplicativo.
error-password-policy = Escolha uma senha mais forte. { $policy }.
error-password-used = Você já usou esta senha. Escolha outra.
error-password-wrong = Sua senha atual não está correta. Tente de novo.
error-name-taken = Este nome de usuário já está em uso. Escolha outro ou entre na sua conta.
error-address-taken = Este endereço de e-mail ou número de telefone pertence a outra conta. Digite outro.
error-entry = Verifique o que você digitou.
error-refused = Mensagem do aplicativo: { $detail }
error-field = Verifique este campo: { $field }
error-name = Este nome de usuário não pode ser usado. Ele pode ter até 128 caracteres, sem espaços.
error-name-is-address = Este nome de usuário não pode ser usado, porque parece um endereço de e-mail ou um número de telefone. Escolha outro.
error-password = Esta senha não pode ser usada. Ela pode ter até 256 caracteres e não pode começar nem terminar com um espaço.
error-password-needed = Escolha uma senha.
error-email = Isto não é um endereço de e-mail. Digite um como nome@example.com.
error-phone = Isto não é um número de telefone. Comece com + e o código do país, por exemplo +551123456789.
error-sign-up-closed = Você não pode criar uma conta aqui. Peça uma aos responsáveis por este aplicativo.
error-delivery = Não foi possível enviar a mensagem. Tente de novo mais tarde.
error-passkey-limit = Você atingiu o número máximo de chaves de acesso. Exclua uma primeiro.
error-passkey-not-accepted = Este tipo de chave de acesso não é aceito aqui. Use outra.
error-passkey-gone = Esta chave de acesso não existe mais.
error-passkey-changed = O seu gerenciador alterou esta chave de acesso, por isso ela não funciona mais aqui. Entre de outra forma e crie uma nova chave de acesso.
error-last-factor = Esta é a última forma de entrar na sua conta. Primeiro, adicione outra chave de acesso ou defina uma senha.
error-reset-needed = Você precisa de uma nova senha para poder entrar.
error-no-pages = Este cliente de aplicativo não tem páginas de login. Para que tenha, permita a ele um fluxo de código ou implícito do OAuth 2.0.
error-account-address = Abra sua conta a partir do aplicativo que você usa ou acrescente o client_id dele ao endereço.
error-no-method = Ainda não é possível ativar. Primeiro, verifique o endereço de e-mail ou o número de telefone necessário.
passkeys-rest = Enquanto a verificação em duas etapas estiver ativada, você não pode entrar aqui com chaves de acesso. Você usa sua senha e um código.
error-app-code = Este código não está correto. Digite o que o app mostra agora.
error-password-first = Com isto ativado, você não poderia mais entrar. Primeiro, defina uma senha.
error-no-way-left = Você ficaria sem nenhuma forma de entrar. Primeiro, adicione uma chave de acesso ou defina uma senha.
error-last-method = A verificação em duas etapas é obrigatória aqui. Você não pode desativar seu último método.

## Attributes

attribute-name = Nome completo
attribute-given_name = Nome
attribute-family_name = Sobrenome
attribute-middle_name = Nome do meio
attribute-nickname = Apelido
attribute-preferred_username = Nome de usuário preferido
attribute-birthdate = Data de nascimento
attribute-address = Endereço
attribute-locale = Idioma e região
attribute-zoneinfo = Fuso horário
attribute-website = Site
attribute-gender = Gênero
attribute-picture = Foto
attribute-profile = Página de perfil
attribute-updated_at = Última alteração

## The link that confirms an account

confirm-link = Para concluir seu cadastro, confirme que este endereço é seu.
link-sent-to = Enviamos um link para { $to }. Abra-o neste navegador e depois entre.
link-sent = Se essa conta existir, enviamos um link para ela. Abra-o neste navegador e depois entre.
code-or-link-sent = Se essa conta existir, enviamos uma mensagem para ela. Abra o link neste navegador e entre, ou digite o código.
asked-again = Enviamos a mensagem de novo, se foi possível. Use a mais recente.
send-link-again = Enviar um novo link
confirm-with-password = Você se cadastrou em outro navegador ou outra pessoa se cadastrou com seu endereço. Escolha uma senha para concluir.
confirm-link-incomplete = Este link está incompleto. Abra-o de novo a partir da mensagem.
confirm-link-before = Sua conta já está confirmada. Você pode entrar.
confirm-link-failed = Não foi possível confirmar sua conta. Talvez o link seja antigo demais. Peça um novo onde você se cadastrou.
confirmed = Conta confirmada
not-confirmed = Conta não confirmada
