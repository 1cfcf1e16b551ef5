import type { Entries } from './entries.ts'

/**
 * The coarsest words of other languages, without accents, as far as they mean nothing harmless in English or in each other. Of the
 * milder ones there are few: what a language that the model never learned calls a fool says little without its sentence.
 */
export const otherLanguages: Entries = {
  slur: `
    maricon+es sudaca+s negrata+s mariquita bougnoule+s youpin+s negre+s bamboula tapette+s enculeur schwuchtel+n kanake+n
    neger+s tunte viado+s viadinho bicha+s crioulo frocio froci ricchione ricchioni negraccio  
    пидор+ы+ас+асы пидарас+ы жид+ы хач+и чурка чурки хохол ниггер ibne+ler pedaly cwel czarnuch+y zydek  
  `,
  abuse: `
    idiota+s imbecil+es estupido+s estupida+s gilipollas pendejo+s pendeja+s cabron+es hijodeputa puta+s puto+s cojudo boludo+s pelotudo+s
    culero+s mamon malparido+s huevon carajo pinche mamaguevo tarado
    connard+s connasse+s conne+s salope+s salaud+s enfoire+s encule+s batard+s putain abruti+s debile+s cretine petasse+s  
    vollidiot+en arschloch arschlocher wichser hurensohn hurensohne schlampe+n fotze+n missgeburt+en trottel drecksau drecksack
    spast+i+en miststuck schweinehund dummkopf idioten dreckspack arschgeige vollpfosten
    otario+s babaca+s desgracado+s vagabunda+s arrombado+s cuzao retardado+s cretino imbecis idiotas trouxa+s
    stronzo+s stronzi stronza coglione coglioni cretini bastardo bastardi puttana puttane zoccola cornuto  
    идиот+ы+ка+ина дебил+ы+ка мудак+и мразь мрази тварь твари ублюдок ублюдки сука суки сучка шлюха шлюхи урод+ы кретин+ы придурок
    придурки долбоеб+ы дурак+и дура дебильный гондон+ы козел сволочь скотина тупой тупая тупые тупица чмо лох
    orospu+lar serefsiz+ler pezevenk aptal+sin gerizekali kahpe yavsak dangalak orospucocugu haysiyetsiz oruspu
    idioto debilu debil+e kretyn+ie kurwo szmata szmato dziwka dziwko skurwysyn+u skurwiel+u chuj+u pojeb+any pizda glupek palant
    klootzak+ken hoer+en kutwijf mongool      
  `,
  obscenity: `
    mierda joder jodete jodan chinga chingar chingada chingate cojones cono follar culiao hostias mamada
    merde foutre nique niquer niquez chier couilles enculer branleur+s foutez
    scheisse scheiße scheiss scheiß verpiss fick+t+en ficker gefickt verfickt+e  
    caralho porra merda foder foda foda+se cacete buceta punheta
    vaffanculo cazzo cazzi merde fanculo minchia culo incazzato
    хуй хуи хуя хуе хую хуев+ый нахуй похуй охуел блядь бля блять ебать ебаный ебаные ебаная еблан выебу пизда пиздец пиздеть заебал заебали
    siktir sikeyim sikerim amina amk amcik yarrak gotveren sikis sikik
    kurwa kurwy jebac jebany jebane spierdalaj wypierdalaj pierdol pierdole pierdolony gowno zajebany
    godverdomme kut neuken  
  `,
  lewd: 'polla+s tetas bucetas schwanz titten muschi cipka cycki сиськи минет',
}
