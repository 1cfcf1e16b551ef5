import type { Entries } from './entries.ts'

/** English words by what they do. Offensive words are listed so that they can be recognised, and for no other purpose. */
export const english: Entries = {
  slur: `
    nigger+s nigga+s+z niggah+s nigg+s negroid+s jigaboo+s darkie+s porchmonkey+s sandnigger+s shitskin+s groid+s golliwog+s
    wog+s kaffir+s dindu+s faggot+s+ry+y fag+s+gy fagget+s faggit+s tranny trannie+s shemale+s poofter+s kike+s yid+s heeb+s zionazi+s
    chink+s gook+s zipperhead+s chinaman jap+s spic+s wetback+s beaner+s paki+s raghead+s towelhead+s muzzie+s mudslime+s
    camelfucker+s goatfucker+s gypo+s pikey+s gyppo+s squaw+s injun+s wop+s dago+s polack+s honky honkies whitey
    retard+s+ed retarted tard+s fucktard+s mongoloid+s spaz subhuman+s untermensch+en mudblood+s
    libtard+s trumptard+s republitard+s conservatard+s feminazi+s
  `,
  abuse: `
    idiot+s+ic+ically idoit+s moron+s+ic imbecile+s+ic cretin+s+ous halfwit+s halfwitted dimwit+s dimwitted nitwit+s numbskull+s
    numskull+s dumbass+es dumbfuck+s dumbo dumbshit+s dipshit+s dullard+s dunce+s dolt+s oaf+s simpleton+s buffoon+s+ery
    ignoramus+es birdbrain+s lamebrain+s pinhead+s airhead+s blockhead+s bonehead+s meathead+s knucklehead+s knuckledragger+s
    butthead+s fuckhead+s shithead+s shitface dickhead+s dickface dickwad+s cockhead+s knobhead+s bellend+s asshole+s ashole
    arsehole+s asshat+s asswipe+s assclown+s jackass+es fatass+es lardass jerk+s jerkoff+s prick+s bastard+s bitch+es+y+ass biatch bich
    biotch beotch sonofabitch cunt+s+y twat+s tosser+s wanker+s pillock+s plonker+s numpty scumbag+s scum douchebag+s douchebaggery
    douchy sleazebag+s sleazeball+s slimeball+s dirtbag+s turd+s loser+s looser+s lowlife+s deadbeat+s pervert+s+ed perv+s
    pedo+s paedo+s sicko+s psycho+s nutjob+s nutcase+s nutter+s whackjob+s wacko+s weirdo+s crybaby crybabies
    wimp+s wuss sissy sissies whore+s hoes slut+s+ty skank+s+y hussy thot+s bimbo+s strumpet+s harlot+s hag+s fatso fatty fatties
    lardo fugly lickspittle+s bootlicker+s asslicker+s brownnoser+s motherfucker+s muthafucka+s mothafucka+s mutherfucker+s mofo+s
    cocksucker+s cocksucking shitbag+s shitstain+s cumstain+s fuckwit+s fuckface+s fucker+s cuck+s incel+s neckbeard+s
    braindead brainless witless smartass nincompoop+s twit+s twerp+s dweeb+s moronically scoundrel+s hillbilly hillbillies
    crackwhore+s crackhead+s cumdumpster+s manwhore assmunch+er shitbird+s pisshead+s scumbags dumbarse+s fattie+s uggo
  `,
  belittling: `
    douche+s freak+s coward+s
    stupid+er+est+ly+ity stupit stoopid dumb+er+est dumbed pathetic+ally foolish+ly+ness fool+s ugly uglier ugliest disgusting+ly
    disgrace+ful worthless brainwashed delusional deluded lunatic+s demented deranged laughable clueless vile repulsive revolting scummy
    crook+s clown+s troll+s punk+s brat+s thug+s whiner+s whiny whining sucks suckers sucker liar+s lunacy despicable loathsome
    contemptible obnoxious spineless gutless shameless heartless garbage trash filth filthy sleaze sleazy
      xenophobe+s misogynist+s homophobe+s bigot+s+ed kook+s loony loonies looney idiocy drivel blowhard+s
    windbag+s hypocrite+s traitor+s slob+s bum+s sociopath+s psychopath+s narcissist+s creep+s creepy
      bloodsucker+s sheeple redneck+s goon+s wretch homo+s midget+s coon+s spastic+s
    troglodyte+s simp+s noob+s bloodthirsty cowardly tramp+s hypocrit+s crooked inbred autist+s pussy pussies smug imbecility
  `,
  reproach: `
    degenerate+s asinine bully bullies nazi+s fascist+s racist+s sexist+s snowflake+s slime slimy
    ignorant ignorance ridiculous+ly silly nonsense nonsensical absurd bogus hypocrisy hypocritical dishonest+y shameful arrogant
    arrogance greedy corrupt evil lies lied lying hate+s hatred hateful hater+s lazy useless incompetent incompetence crazy insane mad
    nuts nutty rubbish lame shame ashamed senile childish immature disgust disgusted disgusts sick stink+s stinks smelly
    propaganda thief thieves criminal+s predator+s pedophile+s rapist+s murderer+s terrorist+s commie+s communist+s extremist+s
    supremacist+s denier+s hag weasel+s leech+es dummy dyke+s cripple+s jealous fraud+s cheater+s fat nasty rude vandal+s gross
  `,
  beast: `
    parasite+s vermin cockroach+es maggot+s
    pig+s swine dog+s rat+s snake+s worm+s monkey+s ape+s cow+s animal+s beast+s donkey+s hyena+s vulture+s insect+s roach+es
    plague disease cancer infestation dirt dirty sewer+s slave+s peasant+s savage+s barbarian+s witch+es monster+s demon+s devil+s
    satan sheep lemming+s puppet+s
  `,
  obscenity: `
    fuck+s+ed+in+ing+ings+inn+en+n+up+off+you+ery fuk+s+in+ing+er fuc fuq fck+s+ing fcuk+ing phuck+ing fuxk fvck fking fkn fkin effing
    clusterfuck motherfucking motherfuckin mothafuckin mindfuck skullfuck assfuck+ed+ing buttfuck+ed+ing unfuck
    shit+s+e+ty+tier+ting+hole+holes+load+show+house shitz shite shyt sht bullshit+ting+ter horseshit dogshit chickenshit
    stfu gtfo gfy foad ffs idgaf cunting skullfucked
  `,
  vulgar: `
    ass+es arse dick+s dik goddamn+ed goddam godamn piss pissed bollocks bugger buggers wank+ing butthurt asswhooping crap+s+py
    dumbasses batshit cum+s+ming dickish bitching bitched bitchin lmfao wtf
  `,
  oath: `
    damn+ed+it dammit damnit hell heck bloody freaking freakin frickin frigging friggin fricking effed screw+ed suck sucking
    butt+s fart+s+ing poop+s+y poo pee balls
  `,
  lewd: `
    boobs
    cock+s tit+s titties titty boobies blowjob+s handjob+s rimjob+s jizz cumshot+s cumslut+s dildo+s milf+s gilf+s horny
    hornier bukkake gangbang+s+ed creampie+s deepthroat+ing fap+ping clit buttplug+s butthole+s nutsack ballsack schlong+s boner+s hentai
    futa futanari rule34 femdom busty titfuck facefuck+ed nympho+s slutwife cuckold+s+ing orgy orgies threesome+s pornstar+s pornhub
    camgirl+s camgirl cunnilingus fellatio jerkin gagging dtf fucktoy+s sexting upskirt+s cameltoe masturbat
  `,
  intimate: `
    sex+y+ual+ually sexier sexiest porn+o+s+ography+ographic nude+s nudity naked topless erotic+a seduce+s+d seductive+ly
    lust+ful kinky fetish+es breast+s bra+s lingerie underwear panties panty thong undress+es+ed genital+s virgin+ity condom+s
    rape+d+s raping incest pimp+s brothel+s naughty lick+s+ed+ing spank+s+ed+ing thrust+s+ing moan+s+ed+ing grope+d groping fondle+d
    submissive dominatrix bondage bdsm penis+es vagina+s vaginal anus anal erection+s orgasm+s masturbate+s+d masturbating masturbation
    nipple+s semen sperm ejaculate+d ejaculation prostitute+s hooker+s stripper+s slutty aroused throbbing nsfw onlyfans intercourse
  `,
  violence: `
    kill+s+ed+ing murder+s+ed+ing slaughter+ed stab+s+bed+bing shoot+s+ing shot strangle+d choke+d+s choking hang+ed+ing lynch+ed+ing
    behead+ed execute+d+s beat+s+en+ing punch+ed+ing slap+s+ped+ping kick+ed+ing smack+ed hit+s hitting hurt+s+ing torture+d burn+s+ed+ing
    bomb+s+ed+ing drown+ed+ing poison+ed gas+sed nuke+d exterminate+d annihilate+d eradicate+d destroy+s+ed+ing crush+ed+ing smash+ed
    break cut+s+ting slit rip crucify crucified castrate+d sterilise+d sterilize+d neutered maim+ed stomp+ed bury buried
    bullet+s gun+s knife noose gallows guillotine die+s+d dying dead death rot+s rotting suffer+s bleed+s deport+ed eliminate+d wipe+d
  `,
  group: `
    muslim+s moslem+s islam+ic islamist+s jew+s jewish judaism christian+s+ity catholic+s protestant+s mormon+s hindu+s sikh+s
    buddhist+s atheist+s evangelical+s black+s african+s negro+es white+s caucasian+s asian+s chinese japanese korean+s vietnamese indian+s
    pakistani+s bangladeshi+s arab+s arabic iranian+s persian+s turk+s turkish kurd+s kurdish afghan+s syrian+s iraqi+s palestinian+s
    israeli+s mexican+s latino+s latina+s latinx hispanic+s brazilian+s cuban+s american+s canadian+s british brit+s english irish scottish
    welsh french german+s italian+s spanish polish pole+s russian+s ukrainian+s romanian+s greek+s serb+s albanian+s gypsy gypsies roma
    nigerian+s somali+s ethiopian+s kenyan+s gay+s lesbian+s homosexual+s homosexuality bisexual+s queer+s trans transgender+s+ed
    transsexual+s transwoman transwomen nonbinary lgbt lgbtq heterosexual+s asexual+s woman women female+s girl+s lady ladies man men
    male+s boy+s feminist+s feminism immigrant+s migrant+s refugee+s foreigner+s alien+s illegals minority minorities indigenous
    aboriginal+s native+s disabled handicapped autistic elderly boomer+s millennial+s homeless european+s africa mexico israel palestine
    china russia india blonde+s vegan+s
  `,
  public: `
    trump+s donald clinton+s hillary obama+s barack biden+s joe bush sanders pelosi mcconnell pence putin merkel trudeau+s harper
    wynne macron johnson boris corbyn thatcher reagan netanyahu modi erdogan bolsonaro republican+s democrat+s democratic gop liberal+s
    conservative+s ndp tory tories libertarian+s progressive+s dems leftist+s lefty lefties socialist+s president senator+s governor+s
    mayor+s premier minister+s congress politician+s judge+s cop+s police media journalist+s administrator+s admin+s editor+s moderator+s
    mod+s referee+s ref teacher+s boss
  `,
  number: '0 00 000 0000',
}
