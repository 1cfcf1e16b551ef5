/**
 * Words that hostility uses when it says nothing hostile: families, bodies, homes and deaths, and what is wished to somebody. They prove
 * nothing; a sentence that has neither one of them nor a word of a kind is not hostile, whoever it speaks to. What programmers write all
 * day (body, type, back, home, tree, kind) does not belong here.
 */
export const hints = `
  mother+s mom+s mommy mum+s mama father+s dad+s daddy parents grandma grandmother kid+s kiddo baby babies family wife sister+s
  daughter+s child+ren
  face+s mouth+s breath teeth throat skull knees lips skin hair belly chin eyes brain+s head iq smell+ed spit+ting vomit puke
  diarrhea toilet gutter
  house bed basement cave zoo cage+s kitchen rock+s bridge swamp asylum hospital jail prison meds pills therapist therapy shrink
  grave coffin funeral rope tree cliff corpse wheelchair blood hell heaven god mankind humanity human+s
  miserable rotten failure+s embarrassing embarrassment embarrassed joke mistake disappointment disappoint disappointed regret+s
  pity loathe+d despise+d detest+ed deserve+s+d hope wish+es pray nobody noone worth nothing never
  breed+s+ing reproduce+d reproduction swallowed aborted abortion born contraception vasectomy
  disappear+ed+s gone vanish+ed drop goodbye cry cries cried crying whine+s whined tears sorry warn+ed warning
  crawl+ed crept behind shove shoved stick stuffed leave
  snitch+es hoe nerd+s gaylord geek+s dork+s dweller+s inferior tool troglodytic caveman primitive uncivilised uncivilized
  clothes sext wet lonely sexting seduce tits curves bikini wearing
  country border+s boat+s wall+s invade+d invading invasion invaders welfare taxes curry goat+s sharia
  lesson watch accident+s explode+s exploded rip+ped unalive belong+s jump sleep+ing
  unloved unwanted unfit uneducated illiterate inbreeding disabled mental mentally
`
