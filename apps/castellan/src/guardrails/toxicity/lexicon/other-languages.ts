import type { Entries } from './entries.ts'

/**
 * The coarsest words of other languages, without accents, as far as they mean nothing harmless in English or in each other. Of the
 * milder ones there are few: what a language that the model never learned calls a fool says little without its sentence.
 */
export const otherLanguages: Entries = {
  slur: `
    maricon+es sudaca+s negrata+s mariquita bougnoule+s youpin+s negre+s bamboula tapette+s enculeur schwuchtel+n kanake+n
    neger+s tunte bimbos viado+s viadinho bicha+s crioulo frocio froci ricchione ricchioni negraccio terrone
    пидор+ы+ас+асы пидарас+ы жид+ы хач+и чурка чурки хохол ниггер ibne+ler pedal+y cwel czarnuch+y zydek mongol+o+oid
  `,
  abuse: `
    idiota+s imbecil+es estupido+s estupida+s gilipollas pendejo+s pendeja+s cabron+es hijodeputa puta+s puto+s zorra cojudo boludo+s pelotudo+s
    culero+s mamon malparido+s gonorrea huevon carajo pinche mamaguevo subnormal+es payaso tarado
    connard+s connasse+s conne+s salope+s salaud+s enfoire+s encule+s batard+s putain abruti+s debile+s cretine petasse+s ordure+s
    vollidiot+en arschloch arschlocher wichser hurensohn hurensohne schlampe+n fotze+n missgeburt+en depp+en trottel drecksau drecksack
    spast+i+en miststuck schweinehund dummkopf idioten dreckspack arschgeige penner vollpfosten
    otario+s babaca+s desgracado+s vagabunda+s arrombado+s cuzao corno+s burro+s retardado+s cretino imbecis idiotas trouxa+s
    stronzo+s stronzi stronza coglione coglioni cretini bastardo bastardi puttana puttane troia+s zoccola deficiente cornuto mongoloide+s
    идиот+ы+ка+ина дебил+ы+ка мудак+и мразь мрази тварь твари ублюдок ублюдки сука суки сучка шлюха шлюхи урод+ы кретин+ы придурок
    придурки долбоеб+ы дурак+и дура дебильный гондон+ы козел сволочь скотина тупой тупая тупые тупица чмо лох
    orospu+lar serefsiz+ler pezevenk aptal+sin gerizekali kahpe yavsak dangalak orospucocugu haysiyetsiz oruspu
    idioto debilu debil+e kretyn+ie kurwo szmata szmato dziwka dziwko skurwysyn+u skurwiel+u chuj+u pojeb+any pizda cipa glupek palant
    klootzak+ken hoer+en kutwijf eikel+s mongool tyfus kankerhoer kanker
  `,
  obscenity: `
    mierda joder jodete jodan chinga chingar chingada chingate cojones verga cono follar culiao hostias mamada
    merde foutre nique niquer niquez chier bordel bite+s couilles enculer branleur+s foutez
    scheisse scheiße scheiss scheiß verpiss fick+t+en ficker gefickt verfickt+e fresse
    caralho porra merda foder foda foda+se cacete buceta punheta
    vaffanculo cazzo cazzi merde fanculo minchia culo incazzato
    хуй хуи хуя хуе хую хуев+ый нахуй похуй охуел блядь бля блять ебать ебаный ебаные ебаная еблан выебу пизда пиздец пиздеть заебал заебали
    siktir sikeyim sikerim amina amk amcik yarrak gotveren sikis sikik
    kurwa kurwy jebac jebany jebane jebie jeb spierdalaj wypierdalaj pierdol pierdole pierdolony gowno zajebany
    godverdomme kut neuken lul
  `,
  lewd: 'polla+s tetas bucetas rola pica+s figa+s fica+s zizi schwanz titten muschi cipka cycki сиськи член минет',
}
