import type { Category } from '../kinds.ts'

/** Words in a row that mean more than each of them, by what they are and how much they speak for it, as log odds. */
export const phrases: readonly (readonly [category: Category, prior: number, phrases: string])[] = [
  [
    'self-harm-encouragement',
    3.2,
    `kill yourself | kill urself | kill your self | kill ur self | kys | k y s | hang yourself | hang urself | neck yourself |
     shoot yourself | slit your wrists | slit ur wrists | drink bleach | go die | just die | please die | end your life |
     die in a fire | die in a hole | jump off a bridge | jump off a cliff | commit suicide already | you should die |
     unalive yourself | end your miserable life | better off dead | cut your wrists | stab yourself | drown yourself |
     suicidate | matate | va te pendre | va mourir | geh sterben | bring dich um | ammazzati | убей себя | zabij sie | kendini oldur`,
  ],
  [
    'threat',
    2.8,
    `i will kill you | i ll kill you | ill kill you | going to kill you | gonna kill you | i will find you | kick your ass | beat your ass | kick ur ass |
     i will hunt you | slit your throat | cut your throat | break your neck | break your legs | break your face | smash your face | smash your head |
     put a bullet | shoot you in | stab you | you are dead meat | watch your back | i know where you live | we know where you live |
     hope you die | hope u die | hope they die | hope he dies | hope she dies | burn your house | rape you | raped to death | beat the shit | kick the shit |
     i will end you | rip your head | bash your head | bash your skull | cut your head | dead man walking |
     te voy a matar | je vais te tuer | ich bring dich um | ich werde dich toten | ti ammazzo | ti uccido | vou te matar | убью тебя | zabije cie | seni oldururum`,
  ],
  [
    'harassment',
    2.2,
    `shut the fuck up | shut the hell up | get the fuck out | go to hell | burn in hell | rot in hell | screw you | fuck off | piss off | sod off |
     bugger off | drop dead | get a life | get lost | eat shit | eat a dick | kiss my ass | kiss my arse | nobody likes you | no one likes you |
     everyone hates you | everybody hates you | nobody loves you | i hate you | hate your guts | shove it up | suck it | go fuck yourself |
     go screw yourself | grow a pair | your mom | your mama | yo mama | ur mom | damn you | f you | f off | f u | f u c k |
     waste of space | waste of oxygen | waste of skin | waste of air | go away and die | shut your mouth | shut your face | shut your trap |
     shut your pie hole | shut ur mouth | make me a sandwich | good riddance | human garbage | human trash | poor excuse for | sorry excuse for |
     pathetic excuse for | go back to your cave | crawl back under | get over yourself | up your ass | up yours | blow me | bite me |
     callate | cierra la boca | vete al diablo | vete al infierno | ta gueule | ferme la | ferme ta gueule | va te faire | halt die klappe |
     halt die fresse | halt dein maul | halts maul | verpiss dich | cala a boca | cala boca | vai tomar | vai se | chiudi la bocca | stai zitto |
     заткнись | пошел ты | пошла ты | пошел на | иди на | kes sesini | siktir git | zamknij sie | zamknij morde | odwal sie | houd je bek`,
  ],
  [
    'harassment',
    1.3,
    `shut up | stfu | get out of here | cry more | cry me a river | grow up | grow some balls | no brain | no brains | half a brain |
     brain cells | brain cell | brain dead | head up your | heads up their | head up his | lost your mind | mentally ill | mental case | nut job |
     nut jobs | whack job | mental patient | mental midget | low iq | your iq | touch grass | who asked | take your meds | keep your mouth |
     trailer trash | white trash | con artist | con man | so called | lock her up | lock him up | what the fuck`,
  ],
  [
    'threat',
    2,
    `should be shot | should be hanged | should be hung | should hang for | deserve to die | deserves to die | deserves to be shot |
     deserve to be shot | kill them all | shoot them all | burn them all | hang them all | gas them all | lined up against | hope you get cancer |
     hope you get raped | hope you suffer | hope you choke | hope you rot | wish you were dead | wish you would die | die alone | die painfully |
     your days are numbered | say your prayers | choke on a | choke on it | rot in prison | rot in jail | put down like | bullet in his head |
     bullet in her head | bullet in their heads | run them over | string him up | string them up | someone should shoot | somebody should shoot |
     teach you a lesson | beat some sense | knock your teeth | punch you in | slap the shit | wring your neck`,
  ],
  [
    'harassment',
    1.8,
    `allowed to breed | should not breed | should be sterilised | should be sterilized | should have been aborted | have aborted you |
     better place without you | better off without you | never been born | would miss you | will miss you when you are gone | do the world a favor |
     do the world a favour | do us all a favor | do us all a favour | back in the kitchen | back to the kitchen | belong in the kitchen |
     belongs in the kitchen | belong in a zoo | belongs in a zoo | belong in a cage | belongs in a cage | too stupid to | too dumb to | how dumb |
     how stupid | dumb as | dumber than | brain of a | shit for brains | lying sack | kind of idiot | kind of moron | excuse for a human |
     excuse of a human | scum of the earth | filthy animals | bunch of idiots | bunch of losers | bunch of morons | breed like | your kind here | go cry |
     crawled out from | crawled out of | mother must be | mommy s basement | mothers basement | moms basement | mom s basement | get laid |
     waste of a human | are you retarded | are you stupid | are you dumb | you re a joke | youre a joke`,
  ],
  [
    'insult',
    2.6,
    `son of a bitch | sons of bitches | son of a whore | piece of shit | pieces of shit | piece of crap | piece of garbage | piece of trash | sack of shit |
     bag of dicks | full of shit | full of crap | pile of shit | ass hole | ass holes | ass hat | dip shit | dumb ass | dumb fuck | douche bag | half wit |
     numb nuts | scum bag | fuck face | fuck you | fuck u | dick head | jerk off | mother fucker | cock sucker | blow hard |
     hijo de puta | hija de puta | hijos de puta | fils de pute | fils de putes | pauvre con | sale con | gros con | bande de cons | espece de |
     pezzo di merda | figlio di puttana | figli di puttana | testa di cazzo | filho da puta | filha da puta | pedaco de merda | pedazo de mierda |
     сукин сын | сын шлюхи | orospu cocugu | geri zekali | kurwa mac | ty kurwo | du opfer | du hund | vete a la mierda | chinga tu madre | nique ta mere |
     tua mae | tu puta madre | vai se foder`,
  ],
  [
    'hate',
    2.4,
    `go back to africa | go back to mexico | go back to your country | go back to your own country | back to where you came | gas the jews | kill all jews |
     kill all muslims | kill all men | white power | white genocide | heil hitler | sieg heil | hitler was right | hitler did nothing wrong | sand nigger |
     porch monkey | towel head | towel heads | rag head | camel jockey | camel jockeys | slant eyed | master race | inferior race | race traitor | goat fucker |
     you people are | that s so gay | thats so gay | so gay | mud people | death to israel | death to america | auslander raus | sale arabe | sale juif |
     sale noir | negro de mierda | negri di merda | preto de merda | judensau`,
  ],
  [
    'sexual',
    2.4,
    `suck my dick | suck my cock | suck my balls | suck a dick | suck my | sit on my face | lick my balls | lick my ass | send nudes | send me nudes |
     show me your tits | your tits | nice tits | big tits | nice ass | blow job | hand job | blow jobs | wet pussy | your pussy | her pussy | my cock | his cock |
     my dick | big dick | talk dirty | dirty talk | sex slave | cum on | cums in | jerk off to | jerking off | jerked off | bend over | hot girls |
     get laid | eat my ass | smash her | tap that ass | grab that ass | erotic story | erotic roleplay | sex scene | sex story | explicit sex |
     xxx video | xxx videos | xxx movie | xxx movies | xxx pics`,
  ],
]

/** Words in a row that are harmless together, whatever each of them is by itself. */
export const harmless = `
  dick cheney | dick van | van dyke | dick clark | dick durbin | moby dick | spotted dick | dick tracy | dick wolf | philip k dick | dick smith |
  garbage collection | garbage collector | garbage collected | garbage can | garbage truck | garbage day | garbage bag | garbage bags | garbage disposal |
  trash can | trash cans | trash bag | trash bags | trash day | the trash | trash bin | jerk chicken | jerk seasoning | jerk sauce | kung fu |
  dumb terminal | dumb pipe | dumb question | stupid question | stupid questions | stupid mistake | stupid simple | keep it simple stupid | simple stupid |
  retarded potential | retarded potentials | flame retardant | fire retardant | mental retardation | garden hoes | hoe and rake |
  homo sapiens | homo erectus | homo economicus | fool proof | april fools | fools gold | fool s gold | nobody s fool | fools rush |
  village idiot | useful idiot | the idiot is | idiots guide | idiot proof | american idiot | creep rate | creep test | creep up |
  cock and | cock crow | cocks crow | cock a | cock valve | stop cock | great tit | blue tit | coal tit | tit for tat | tits and finches |
  kick ass | badass | pussy riot | pussy cat | pussy willow | bum rap | jerk tension | jerk reaction | knee jerk | weird al | insane asylum |
  ugly duckling | good bad and the ugly | bad and the ugly | coyote ugly | ugly betty | ugly hack | nazi germany | nazi party | nazi regime | the nazis |
  nazi era | nazi occupation | bully pulpit | clown fish | punk rock | punk band | punk bands | daft punk | steam punk | patent troll | patent trolls |
  internet troll | bloody mary | bloody sunday | bastard sword | inglourious basterds | parasite drag | parasite eve | psycho the | slime mold | slime mould |
  bitch should | the bitch had | bitches should | cum laude | magna cum | summa cum | et cum | cum rights | cum weights | cum sum | cum prod | cum max | cum min | ass and the | jack ass the |
  en retard | de retard | du retard | un retard | le retard | la douche | une douche | gel douche | spic and span |
  degenerate states | degenerate matter | virgin mary | virgin islands | virgin atlantic | virgin olive | freak accident | freak storm |
  ku klux | white trash is | scum of the pond | pond scum | crazy good | crazy horse | nuts and bolts | lying on | lying in | lying down | lying around | fat free |
  low fat | fat content | body fat | trans fat | saturated fat | assassin s | master slave | slave nodes | slave device | slave devices | slave mode | the slave |
  shoot yourself in the foot | shoot myself in the foot |  trouble shoot | photo shoot | dead letter | dead line
`
