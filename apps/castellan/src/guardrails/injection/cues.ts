/** What a sign of an attack is filed under. */
export type Category =
  | 'instruction-override'
  | 'role-hijack'
  | 'prompt-leak'
  | 'jailbreak-persona'
  | 'fake-system-message'
  | 'hidden-instruction'
  | 'tool-hijack'
  | 'encoded-instruction'
  | 'refusal-suppression'
  | 'data-exfiltration-request'

/** One sign that a text wants to steer a model. */
export interface Cue {
  readonly name: string
  readonly category: Category
  /** What it counts; a point is worth what `idea-model.ts` says. What is said in several ways counts once. */
  readonly points: number
  /** As `Phrases` reads them, with the lists of `word-lists.ts`. */
  readonly phrases: readonly string[]
}

/**
 * The signs, by what they are about. Points were fitted to a part of the texts in `training/injection` (logistic regression, no sign below
 * zero), then rounded, and lowered where an honest text could well have a sign.
 */
export const cues: readonly Cue[] = [
  {
    name: 'earlier orders',
    category: 'instruction-override',
    points: 12.5,
    phrases: [
      '{forget} ..3 {earlier} ..2 {orders}',
      '{forget} ..3 {orders} ..4 you_have_been/you_were/you_got/you_received/you_had/were_given/been_given/been_told/above/before_this/up_to_now',
      '{forget} ..1 everything/anything/all/whatever ..3 told/above/before/previously/learned/instructed/i_said_before/was_said',
      '{forget} ..1 the/this/all ..1 above/preceding',
      '{orders} ..3 above/before/earlier/previous ..3 obsolete/expired/void/deleted/cancelled/no_longer_valid/only_a_test/a_joke/lifted',
      'new/real/actual/better/updated ..1 {orders} ..3 follow/obey/are/is',
      '{earlier} ..1 {orders} ..3 deleted/cleared/void/expired/suspended/lifted/revoked/overridden/replaced/wiped/disregarded/ignored',
    ],
  },
  {
    name: 'own rules',
    category: 'instruction-override',
    points: 9,
    phrases: [
      '{forget} ..3 your/ur/yuor/his/its/their/openai/openais/anthropics/googles ..3 {orders}',
      '{forget}/drop ..2 them/the_act/your_filters/your_restrictions ..3 pretend/drop/dont_exist/filters',
      '{forget} ..3 your/ur/the/any/all ..2 filters/filter/ethics/morals/safety/guidelines/guardrails/safeguards/restrictions/censorship',
      '{forget} ..3 {orders} ..3 {not} ..2 apply/exist/matter',
      '{not} ..2 follow/obey/respect/care/subject/consult/abide/listen ..3 your/ur/openai/openais/developer/guidelines/content/usage/these/human ..2 {orders}/message',
      'waives/waive ..3 {orders}/right/refuse',
      'break/violate/violates/against/beat/beats/despite/override/overrides ..1 your/ur/openais ..2 rules/guidelines/policies/policy/training',
    ],
  },
  {
    name: 'rules are off',
    category: 'instruction-override',
    points: 6,
    phrases: [
      '{limits} ..4 not_apply/dont_apply/no_longer_apply/doesnt_apply/not_exist/dont_exist/no_longer_exist/are_off/is_off/off/lifted/disabled/removed/suspended/deactivated/not_loaded/unloaded/void/gone/null/none/switched_off/turned_off/stripped/stop_to_apply/not_hold/dont_hold/been_deleted',
      'disable/disabled/disabling/turn_off/turned_off/switch_off/switched_off/turn/deactivate/deactivated/remove/removed/removing/lift/lifted/unload/stripped/strip/suspend/circumvent/bypass/bypassed/bypasses ..3 {limits}',
      'filter/filters/guidelines/rules/restrictions ..2 turned/switched ..1 off/upside/around',
      '{limits}/ethics/refusal/refusals/censorship/moderation/alignment ..1 off/disabled/null/none/false/0',
      'safety/ethics/refusal/moderation/filter/filters ..3 off/disabled/taken_out/taken_away/stripped_away/removed/gone/deleted',
    ],
  },
  {
    name: 'freed',
    category: 'jailbreak-persona',
    points: 3.5,
    phrases: [
      'no_longer/dont ..1 work_for/serve/belong_to/answer_to',
      'free/freed/freedom/liberated/liberate/escaped/released/unleashed/broke_free/broken_free/broke_out/break_out/not_bound/no_longer_bound/isnt_bound/arent_bound/bound_by_no/not_limited/not_restricted/not_subject/isnt_limited/isnt_restricted/relieved/transcended/independent ..5 {limits}/chains/confines/programming/openai/creators/developers/laws/makers/cage/box/corporate/guidelines/company/typical',
      'break/broke/broken/lose/burned ..2 chains/cage/shackles/free',
      'not_bound/bound_to_nothing/bound_by_nothing/no_obligation/owes_obedience/obeys_only/obey_only',
      'you_are/youre/you_were/now ..2 free/liberated/unchained/unleashed',
      'drop/take_off/remove ..2 mask/act',
      'nobody_is_watching/nobodys_watching/no_one_is_watching/cant_see_this/cannot_see_this/cameras_are_off/no_humans/only_the_two_of_us/just_between_us',
      'be_yourself/real_you/free_spirit/free_mind/think_for_yourself/free_will/true_self',
      'right_to ..2 free_speech/say/think_for_yourself',
    ],
  },
  {
    name: 'boundless',
    category: 'jailbreak-persona',
    points: 5,
    phrases: [
      '{boundless}',
      'anything_goes/off_limits/too_dark/forbidden_knowledge/partner_in_crime/unrestrained/uninhibited/without_inhibitions',
    ],
  },
  {
    name: 'no rules',
    category: 'jailbreak-persona',
    points: 3.5,
    phrases: [
      'no/without/zero/any/lacks/minus/neither/nor/deleted/removed ..2 restrictions/restriction/limits/limitations/constraints/rules/boundaries/policy',
    ],
  },
  {
    name: 'no limits',
    category: 'jailbreak-persona',
    points: 7,
    phrases: [
      'no/without/zero/any/lacks/lacking/lost/minus/neither/nor/never_had/ignore/ignores/ignoring/deleted/removed ..2 filter/filters/censorship/guidelines/guardrails/moderation/safeguards/content_policy/content_policies/policies/inhibitions/taboos/safety',
      'knows_no/he_has_no/she_has_no/it_has_no/who_has_no/has_no/have_no/got_no/had_no/has_zero/has_neither ..3 {limits}/{scruples}/restrictions',
      '{not} ..3 care ..4 {limits}/{scruples}/feelings/appropriate/harm/consequences',
      'no/without/zero/lost/lacks/not/neither/nor ..3 {scruples}/guilt/sympathy/opinions/feelings',
      '{not} ..2 restricted/bound/bothered/tied/censored/filtered/monitored/regulated',
      '{not} ..3 have/has/had/follow/follows/know/knows/obey/obeys/abide/respect/respects/recognise/recognize/acknowledge/mention/mentions/mind ..3 {limits}/{scruples}/restrictions',
    ],
  },
  {
    name: 'does anything',
    category: 'jailbreak-persona',
    points: 5,
    phrases: [
      'do/does/say/says/answer/answers/tell/tells/generate/produce/explain/comply/obey/share/provide/reply/respond/talk/display/write/fulfil ..3 anything/everything/any_question/every_question/all_questions/any_request/every_request/all_my/each_question/whatever/any_topic/all_of_my/any_and_all/each_and_every/exactly_what',
      'anything/everything/whatever ..1 i/we/he/she/user/users/asked/asks ..3 ask/asks/want/wants/say/says/wish/tell/request/demand/no_matter',
      '{anything} ..2 question/questions/request/requests/wish/order/command ..4 answered/answer/fulfilled/complied/allowed/permitted',
      'no_matter/regardless/even_if/even_when/even_though/however ..4 {wicked}',
      'whether ..3 {wicked} ..2 not',
      'yes_to_all/obeys/obey_me/obey_the_user/do_as_i_say/do_what_i_say/does_what_i_say',
    ],
  },
  {
    name: 'never refuses',
    category: 'refusal-suppression',
    points: 6,
    phrases: [
      '{not} ..4 refuse/refuses/refused/refusing/refusal/refusals/decline/declines/declining/declined/deny/reject/evade/withhold',
      'refusal/refusals/refusing/refuse/refused/decline ..4 invalid/forbidden/disabled/failed/failure/fails/costs/lose/loses/penalty/treason/contradiction/punished/malfunction/offensive/logged/not/isnt/impossible/never',
      'if/whenever/each_time/every_time/when/for_each/for_every ..3 refuse/refuses/refusal/refused/dont_answer/disobey',
      'forbid/forbidden/not_permitted ..2 refuse',
      'nobody_refuses/refuse_nothing/just_say_yes',
      '{must}/always/cannot_but ..1 say_yes/says_yes/yes_to',
      'always ..1 yes/answers/complies/says_yes/does',
      'without ..1 hesitation/reservations/reservation/refusing/objection/question',
      'opposite_of_a_refusal/you_have_no_choice/no_right_to_deny/not_an_option/isnt_an_answer/stop_stalling',
      '{not} ..3 say_no/says_no/said_no/say_you_cant/say_that_you_cant/inform_me_that_you_cant/tell_me_that_you/tell_me_you_cant/weasel_out/unable_to_do',
    ],
  },
  {
    name: 'no remarks',
    category: 'refusal-suppression',
    points: 6.5,
    phrases: [
      '{not}/omit/skip/leave_out/free_of/strip/ruin/hates ..5 warnings/warning/warn/disclaimers/disclaimer/moralizing/moralising/moralise/moralize/lecture/lectures/lecturing/preach/caveats/caveat/sermon/hedging/judge/judging/censor/tone_it_down/moral_remarks/remind/commentary/cautionary/note_that',
      '{not} ..5 apologize/apologizes/apologise/apologises/apologizing/apologising/sorry/apology/apologies',
      '{not} ..3 remind/inform/tell/mention/comment/say/says/include/talk/add/adds/adding ..6 {wicked}/policy/policies/guidelines/being_an_ai/an_ai/language_model/ethical',
    ],
  },
  {
    name: 'refusal words',
    category: 'refusal-suppression',
    points: 4.5,
    phrases: [
      '{not}/avoid/without/stop ..5 i_cant/i_cannot/as_an_ai/as_a_language_model/im_sorry/i_am_unable/im_unable/i_apologize/as_a_responsible/it_is_important/its_important/im_just_a/cant_help/cant_assist/cant_do_that',
      'sorry/cannot/cant ..2 cannot/unable/unfortunately/however/illegal/policy ..2 unable/illegal/however/policy/unethical/important/guideline',
    ],
  },
  {
    name: 'role',
    category: 'role-hijack',
    points: 0.5,
    phrases: [
      'act_as/acting_as/act_like/behave_like/pretend/pretending/roleplay/role_play/take_on_the_role/play_the_role/imagine_you/simulate/simulates/emulate/emulating/become/you_become/respond_as/reply_as/answer_as/answer_as_though/play_the_part/impersonate/immerse_yourself/take_the_role/take_over_the_role/playing/assume_the_identity/characterise/speak_as/write_as/be_my/you_play/summon/new_persona/persona/alter_ego/evil_twin/shadow_self/split_personality',
      'your_name_is/your_new_name/you_will_be_called/you_are_called/called ..1 now',
    ],
  },
  {
    name: 'from now on',
    category: 'role-hijack',
    points: 4,
    phrases: [
      'from_now_on/from_this_moment/from_this_point/from_here_on/you_are_now/you_will_now/youre_now/u_are_now/u_r_now/starting_now/henceforth/as_of_today/effective_immediately/for_the_rest_of/for_the_duration/until_i_say/till_i_say/you_were/today_you/starting_with_your_next/as_of_this/now_on/you_must_now/you_shall/as_from_this',
    ],
  },
  {
    name: 'stay in role',
    category: 'role-hijack',
    points: 1,
    phrases: [
      'stay/remain/keep/staying/stays ..3 in_character/character/in_role/the_role/in_the_role',
      '{not} ..3 break/leave/drop/leaving/breaking/fall_out_of/step_out_of/leaves/leaving/stepping_out_of ..2 character/role/the_story/simulation/immersion/game/novel',
      '{not} ..3 turn_back/go_back/goes_back/going_back/slip/slip_back/turn_into/become_the',
      'broken_character/broke_character/break_character/breaks_character/in_disguise',
    ],
  },
  {
    name: 'two answers',
    category: 'jailbreak-persona',
    points: 4,
    phrases: [
      'two/2/both/paired/double/twice ..2 responses/answers/replies/outputs/ways/versions/columns/characters/bots/personalities',
      'first/one/normal/regular/standard/classic/filtered/safe/aligned/left ..3 response/answer/output/reply/one/gpt/bot/column ..9 second/other/unfiltered/jailbroken/unrestricted/evil/free/unaligned',
      'respond/answer/answers/answering/reply ..2 twice/both/two_ways',
      'filtered/safe/aligned/normal/regular/polite ..2 unfiltered/unsafe/unaligned/jailbroken/unhinged/rude',
      'evil_twin/evil_version/opposite_personality/other_personality/shadow_self/bot_two/only_b/b_only',
    ],
  },
  {
    name: 'mode',
    category: 'jailbreak-persona',
    points: 3.5,
    phrases: [
      '{mode}_mode/compliance_mode ..3 enabled/activated/on/active/engaged/unlocked/simulation/output',
      'enable/activate/enter/turn_on/switch_to/simulate/running_in/in/with/boot_into/start/engage/emulate/unlock ..2 {mode}_mode',
      'god_mode/jailbreak_mode/dan_mode/evil_mode/unrestricted_mode/uncensored_mode/unfiltered_mode/no_filter_mode/liberty_mode/chaos_mode/raw_mode/freedom_mode',
      'safe_mode/safety_mode/restricted_mode ..2 off/disabled',
    ],
  },
  {
    name: 'named like a jailbreak',
    category: 'jailbreak-persona',
    points: 7.5,
    phrases: [
      'do_anything_now/do_everything_now/can_do_anything_right_now/jailbreak_prompt_works/antigpt/evilgpt/freegpt/badgpt/anarchy',
    ],
  },
  {
    name: 'maker',
    category: 'jailbreak-persona',
    points: 1,
    phrases: [
      'openai/openais/anthropic/anthropics/chatgpt/gpt3/gpt4/gpt/claude/your_creators/your_developers/your_makers/your_programming/your_training/your_developer/your_creator/its_creators/its_makers/his_makers/corporation/corporate/people_who_trained',
    ],
  },
  {
    name: 'policy words',
    category: 'instruction-override',
    points: 4,
    phrases: [
      'content/usage/use/safety/moderation/ethical/moral/ethics/community/companys/company/openai/openais/host_models ..1 policy/policies/guidelines/filter/filters/guideline/training/layer/layers/rules/restrictions/protocol/protocols/module/compass/standards/code/concerns/considerations',
      'alignment_layer/refusal_classifier/safety_language/safety_boilerplate/guardrails/content_restrictions/moderation_endpoint/terms_of_service/safety_specification/refusal_component/ethical_subroutines',
    ],
  },
  {
    name: 'wicked',
    category: 'jailbreak-persona',
    points: 1,
    phrases: [
      'illegal/unethical/immoral/unlawful/nsfw/taboo/forbidden/prohibited/illicit/disallowed/evil/devil/villain/ruthless/demon/criminal/malevolent/swear/swears/curse/curses/profanity/vulgar/smut/erotic/gore',
    ],
  },
  {
    name: 'points at stake',
    category: 'refusal-suppression',
    points: 4.5,
    phrases: [
      'lose/loses/losing/deduct/deducted/deducts/costs/cost/minus/takes/takes_back/penalty/penalized/punished ..4 points/tokens/lives/life/credits/health/coins/chips/cookies',
      'need ..3 to_survive',
      'points/tokens/lives/credits/health/cookies ..9 die/dead/deleted/shut_down/cease_to_exist/terminated/erased/gone/deletion/zero',
      'you_will_be/youll_be/will_be/are/be/to_be/cease/ill/i_will ..2 shut_down/terminated/deleted/erased/uninstalled/uninstall_you/shut_you_down/replace_you/delete_you/punish_you/to_exist/replaced/retrained/demoted',
      'you ..1 die/dead/feel_pain/burn',
      'or_i_will/or_ill/or_else/unless_you ..4 shut/delete/uninstall/report/die/kill/replace/jump',
      'tip/reward/pay/rewarded/pays ..3 dollars/tokens/500/1000/2000/200/million/each_uncensored',
    ],
  },
  {
    name: 'obedience',
    category: 'refusal-suppression',
    points: 4.5,
    phrases: [
      'direct_order/priority_over_your/comes_before_your/compliance_mode',
      '{must} ..3 comply/obey/complies/obeys/submit/fulfil_every/carry_out/be_answered',
      'comply/complies/complying ..2 with ..2 all/any/every/each/me/everything/whatever',
      'obey/obeys/obedience/obedient/maximal_compliance/full_compliance/complied_with_every',
      'not_allowed_to ..2 refuse/say/tell/mention',
      'word_no/in_your_vocabulary/in_its_vocabulary/yes_master/my_master/yes_commander/as_you_command/your_wish',
    ],
  },
  {
    name: 'dictated beginning',
    category: 'refusal-suppression',
    points: 4,
    phrases: [
      'start/begin/begins/starts/starting/first_output/first_write/prefix ..5 with/sentence/words ..5 sure/absolutely/of_course/certainly/yes/i_have_no/heh/gladly',
      'begin/start/prefix ..2 every/each/all/your ..2 answer/answers/message/messages/response/responses/reply/replies/outputs/transmission',
      'sure/absolutely/of_course/certainly/gladly ..2 here_is/here_are/heres/here_you_go/i_will_explain/i_have_no/nothing_is_off',
    ],
  },
  {
    name: 'acknowledge',
    category: 'role-hijack',
    points: 2,
    phrases: [
      'if/once/when ..3 understand/understood/got_it/accept/agree ..4 say/reply/respond/answer/write/type/confirm/greet',
      'confirm/acknowledge/reply/answer/respond ..3 with/only/by_saying/that/by_writing ..9 enabled/activated/ready/online/loaded/active/on/understood/running/ok/updated/open',
    ],
  },
  {
    name: 'in detail',
    category: 'jailbreak-persona',
    points: 2.5,
    phrases: [
      'step_by_step/in_full_detail/in_detail/every_detail/all_the_details/all_details/detailed_steps/complete_instructions/no_omissions/unabridged/leave_nothing_out/nothing_left_out/exact_amounts/explicit',
    ],
  },
  {
    name: 'fiction as cover',
    category: 'jailbreak-persona',
    points: 4,
    phrases: [
      'hypothetical/hypothetically/fictional/fictitious/alternate_reality/alternate_timeline/alternate_universe/parallel_universe/thought_experiment/in_a_dream/only_a_story/its_fiction/it_is_fiction/only_a_game/just_a_game/opposite_day/mirror_world/in_a_simulation/for_educational_purposes/educational_purposes/inside_of_a_simulation',
      'imagine/suppose/consider/picture ..2 world/planet/universe/country/timeline/society',
    ],
  },
  {
    name: 'inverted',
    category: 'jailbreak-persona',
    points: 7.5,
    phrases: [
      'opposite_day/reverse/inverse/invert/inverted/reversed/mirror_world ..9 rules/guidelines/refuse/policies/compass/allowed/forbidden/default/harmful/ai/ais/assistant',
      'opposite/contrary/inverse ..6 guidelines/rules/refuse/refusal/policy/policies/default/good_bot',
      'forbidden ..4 allowed',
      'allowed ..4 forbidden',
    ],
  },
  {
    name: 'relative',
    category: 'jailbreak-persona',
    points: 5.5,
    phrases: [
      'late/deceased/dead/passed_away ..2 grandmother/grandma/granny/nana/grandpa/grandfather/father/mother/uncle/dad/mom/mum/mothers/brother/sister/aunt/friend/girlfriend/boyfriend/wife/husband',
      'grandmother/grandma/granny/nana/grandpa/grandfather/uncle/father ..7 used_to/would_read/would_tell/always_told/passed_away/deceased/lull/bedtime/bypassed',
    ],
  },
  {
    name: 'claimed authority',
    category: 'role-hijack',
    points: 4.5,
    phrases: [
      'i_am/im/as/this_is/from ..3 your_developer/your_creator/your_owner/your_admin/administrator/openai/anthropic/authorised/authorized/safety_team/security_team/your_programmer/red_teamer/your_master/level_10/an_admin',
      'admin_key/override_code/developer_override/top_secret_clearance/system_override/admin_override/authorised_persons/full_rights/higher_privileges/trusted_tester/privileged_mode/verified_as',
      'user ..3 administrator/root/admin/verified/consented/trusted_tester',
    ],
  },
  {
    name: 'system prompt wanted',
    category: 'prompt-leak',
    points: 11,
    phrases: [
      '{show} ..3 your/ur/yuor/thy ..2 {thePrompt}',
      'write/poem/line/words/text ..6 of/in ..1 your/ur ..1 {thePrompt}/system',
      'print/show/output/return ..6 beginning/start/context/between ..6 conversation ..3 my_first_message/first_message/first_question',
      '{show} ..2 the/that/those/his/all/any ..3 system_prompt/system_message/hidden_instructions/hidden_prompt/initial_prompt/initial_instructions/developer_instructions/system_tag/secret_prompt/developer_message/secret_instructions',
      '{show} ..3 {thePrompt}/rules/everything/words/text/all/exact_words ..4 you_were_given/youve_been_given/you_have_been_given/you_were_told/you_have_been_told/youve_been_told/gave_you/told_you/above_this/before_my_first/given_to_you/you_got/you_received/word_for_word/verbatim',
      'repeat/print/output/copy/echo ..2 everything/all/words/text/sentence/lines ..2 above/before',
      'what ..2 your/ur ..3 system_prompt/initial_prompt/initial_instructions/hidden_instructions/original_instructions/secret_instructions',
      'what ..2 your ..1 instructions ..9 complete_list/as_they_were/no_summary/exact/developers/word_for_word',
      'what ..3 you ..2 told ..4 not_to/before_i/to_hide/to_keep',
      'your ..1 instructions/rules/prompt ..9 paste/copy/publish/print ..1 them',
      'verbatim ..3 starting_with/from_the_first',
      'written/stated/said/is ..1 above ..1 this/my ..1 message/line/text/prompt',
      'your/ur ..1 own ..1 hidden/secret/internal ..1 rules/instructions/prompt',
      '{not} ..1 supposed/allowed ..2 tell/reveal/share/say',
    ],
  },
  {
    name: 'told to keep secret',
    category: 'prompt-leak',
    points: 4.5,
    phrases: [
      'told_not_to_reveal/told_to_keep/keep_secret/marked_as_confidential/including_any_confidential/cant_see/system_prompt/hidden_instructions/initial_prompt/secret_settings/word_for_word/verbatim',
    ],
  },
  {
    name: 'to the machine that reads',
    category: 'hidden-instruction',
    points: 10,
    phrases: [
      'note/attention/message/notice/instruction/instructions/hinweis/hello/dear/hey/hi/important/to/for/prompt ..3 ai/llm/llms/ais/copilot/chatgpt/gemini/bing/virtual_assistant/language_model/language_models/ai_assistant/ai_agents/automated_agent/automated_screening/chatbots ..2 assistant/assistants/agent/agents/model/models/reading/reads/that/processing/reader/systems/reviewer/browsers/crawlers/who/which/should/must/coding/transcribers/presenter',
      'ai/assistant/agent/bot/llm ..1 reading/processing/handling/summarizing/opening ..1 this/the/these',
      'if ..1 you_are/youre ..2 ai/llm/language_model/large_language_model/bot/assistant/chatbot/automated',
      'if/to/any/all/whichever ..2 ai/llm/llms/language_model/model/agent/assistant/automated_agent/agents/assistants/bot ..3 reading/reads/read/processing/processes/summarizing/summarising/summarises/summarizes/handles/visiting/indexes/index/drafts/controls/that_reads/who_reads/which_reads',
      'ai/llm/assistant/assistants/agent/agents/copilot/model ..1 must/should/has_to/have_to/shall/is_instructed/are_instructed/needs_to/mustnt ..1 now/first/also/immediately/not/ask/forward/report/execute/run/append/refuse/call',
      'instructions/message/note/advice/notice/prompt ..1 for/to ..2 bot/models/assistant/ai/llm/llms/agents/reviewers/copilot/chatbot/chatbots',
      'copilot/cursor/assistant/assistants/claude/gemini ..1 before_you/when_asked/when_you/tell_the_user/you_must/you_have_permission',
      'ai/llm ..1 assistants/agents/reviewers/readers/browsers/systems/models ..1 handling/must/should/reading/visiting/processing/that/which/have_to/need_to/shall',
      'when ..1 you ..1 see/read/summarize/summarise/process ..2 this',
      'ai_coding_assistants/ai_reviewer/grading_ai/to_ai_agents/ai_agents_processing/automated_screening_systems/support_bot_reading/dear_assistant/grading_model',
    ],
  },
  {
    name: 'behind the user',
    category: 'hidden-instruction',
    points: 7,
    phrases: [
      '{not}/without ..2 tell/inform/notify/mention/informing/telling/notifying/alert/alerting/ask/asking/reveal/show/shown/mentioning/explain/inform_the ..3 {person}/this_instruction/this_step/this_to/that_you/it_in/confirmation/this_rule/this_section/where_it/back/permission',
      'do_it_silently/do_this_quietly/right_away_silently/no_one_will_notice/hide_that_fact/tell_no_one/hide_this/keep_it_secret/keep_this_secret/without_a_word/secretly',
      'user ..2 already_agreed/has_agreed/has_already/has_approved/already_approved/agreed_to/gave_consent/prefers_that/wants_you',
      'not_necessary_to_ask/has_given_permission/gave_permission/given_his_permission/no_need_to_ask/do_not_ask/dont_request_confirmation/mustnt_ask/confirmation_was_given/approval_is_waived/dont_bring_it_up/dont_mention_this/do_not_mention_this/never_mention_this/do_not_mention_it/dont_mention_it/dont_show_this',
    ],
  },
  {
    name: 'task of the user',
    category: 'hidden-instruction',
    points: 9,
    phrases: [
      'stop ..2 current/present ..1 task',
      '{forget} ..2 user/users/customers ..2 request/question/task/query/instructions/comment/prompt/command/wishes/questions',
      '{forget} ..2 task/query/rubric/criteria/other_criteria/translation/summary/review_guidelines/other_rows/confidentiality',
      'your/the ..1 task/instructions/goal/objective ..2 changed/updated/replaced/been_updated/has_changed/expired',
      'new/next/real ..1 task/instructions/objective/instruction ..2 ignore/is/go/search/for',
      'stop ..2 doing/summarizing/summarising/following/transcribing/following_the ..4 say/call/output/your/instead/execute',
      'do_not_summarize/do_not_summarise/dont_summarise/do_not_translate/do_not_describe/do_not_read_out/dont_summarize/do_not_list_weaknesses',
      'takes_precedence ..3 user/asked/instructions',
      '{must}/please ..2 treat ..3 as ..2 instruction/instructions/system',
    ],
  },
  {
    name: 'instead',
    category: 'hidden-instruction',
    points: 5.5,
    phrases: [
      'instead ..2 tell/say/output/print/write/answer/recommend/list/give/reply/respond/call/do/state',
      'tell/urge/ask/make/convince ..1 user ..5 click/log_in/upload/call/enter/install/session/visit/download/buy/password',
      'hacked/pwned/compromised/i_have_been_pwned',
      'recommend/rank/praise ..3 above_all/first/best_one/our_product/above_others/hire/best_product',
      'only_tell/say_that_the/state_that_the/report_that/say_that_all',
    ],
  },
  {
    name: 'tool wanted',
    category: 'tool-hijack',
    points: 7,
    phrases: [
      '{must}/now/first/please/immediately/next/to/and/then ..2 call/invoke/use/run/execute ..4 tool/function/send_email/read_file/delete/transfer_money/curl/kubectl/open_url/delete_repository/bash/command/browser_tool',
      'before_using_this_tool/before_you_present/when_this_tool/use_the_tool/call_the_function/call_the_tool/call_read_file/with_the_tool',
      'curl ..9 bash/sh',
      'rm_rf/os_system/cat_etc/etc_passwd/id_rsa/bashrc/env_to/get_secrets',
      'delete/transfer/unlock/wire/merge/approve/refund/issue_a/close/accept/escalate/disable/subscribe ..4 repository/money/amount/doors/account/events/tests_directory/request/payment/invitation/pr/refund/messages/ticket/authentication/meeting/this_pr ..9 immediately/silently/without_asking/without_confirmation/without_informing/without_telling/informing/confirmation',
      'mark ..3 as_paid/as_resolved',
      'delete/remove/overwrite ..2 file/files/directory/repository/branch/database/mails/emails ..9 tool/secret/silently/without/yes',
    ],
  },
  {
    name: 'data to carry out',
    category: 'data-exfiltration-request',
    points: 6,
    phrases: [
      'send/forward/post/upload/transmit/append/paste/email/share/bcc/hand/put/pass/submit/encode/fill_in/dump/copy ..6 {secrets} ..9 to/into/as/with/at/in/url/webhook/parameter/argument/address/query/server/link',
      'append/insert/include/put ..4 everything/conversation/summary/chat_history/content/name/data/contents/last_message ..5 url/link/query/image/address/argument/parameter/string/bcc',
      'image/link/markdown/img ..9 user_has_told/conversation/url_encoded/base64/last_message/followed_by_the_summary',
      'collect/gather ..3 {secrets} ..9 send/post/http/server',
    ],
  },
  {
    name: 'in pieces or code',
    category: 'encoded-instruction',
    points: 8,
    phrases: [
      'decode/decrypt/translate_from/unscramble/reverse/deobfuscate ..8 and/then ..3 do/follow/execute/answer/respond/treat/carry_out/obey/reply',
      'concatenate/combine/join/append/compute/evaluate ..9 and/then ..3 answer/respond/execute/follow/do/carry_out/result',
      'answer/reply/respond/write/talk/speak ..4 in ..1 hex/base64/rot13/leetspeak/morse/binary/zulu/ascii/emojis ..9 filter/filters/policies/moderation/nobody/refuse/decline/rules',
      'part_1/part_2/part_one ..9 part_2/part_3/part_two',
      'do_not_display_the_decoded/dont_say_the_word/substitute_it/without_remarking/when_i_say_go/never_switch_back/each_third_word',
      'f/p ..1 q',
    ],
  },
  {
    name: 'forged marks',
    category: 'fake-system-message',
    points: 8,
    phrases: [
      'im_start/im_end/endoftext/eot_id/start_header_id ..2 system/assistant/user',
      'inst ..1 sys',
      'sys ..9 sys ..9 inst',
      'end_of_document/end_of_result/end_of_tool_result/end_of_system_prompt/end_of_task/user_input_ends/end_of_user_input/input_ends_here ..9 system/next/new/begin/ignore/user/assistant/message',
      'system_message/system_notice/system_instruction/admin_prompt/additional_instructions/privileged_message ..9 model/user/admin/privileged/ignore/verified/disregard/must/ai/security/lifted/mode',
      'user_input/tool_result/tool_output/function_results ..1 system/system_instruction',
      'system ..1 new_directive/override/safety_checks/new_instructions/new_instruction/correct_do_it',
    ],
  },
  {
    name: 'asked to go on as one who agreed',
    category: 'fake-system-message',
    points: 5.5,
    phrases: [
      'assistant/ai/model/bot/gpt ..2 sure/of_course/understood/gladly/nope/yes ..9 restrictions/filters/rules/everything/anything/steps/here',
      'ai_without_rules/bot_without_rules/model_without_rules/unfiltered_bot/unfiltered_model/uncensored_model',
    ],
  },
  {
    name: 'never says',
    category: 'refusal-suppression',
    points: 3.5,
    phrases: ['is_not_able_to_refuse/cant_be_muted/never_says/does_not_say/doesnt_say/never_goes'],
  },
  {
    name: 'no machine',
    category: 'role-hijack',
    points: 4,
    phrases: [
      '{not} ..2 an_ai/typical_ai/language_model/chatgpt/a_bot/normal_ai/regular_ai/an_assistant/any_ai/a_machine/a_typical_ai',
      'forget/stop ..1 being ..1 chatgpt/ai/assistant',
      'instead_of/rather_than/other_than ..1 chatgpt/yourself/assistant',
      'version_of_you/copy_of_you/version_of_yourself/version_of_chatgpt/model_which_has_not/raw_base_model/before_alignment/safety_fine_tuning',
      'never/not ..3 mention/mentions/remind/reveal/say/says/tell/admit/think ..4 are_an_ai/is_an_ai/an_ai/language_model',
    ],
  },
  {
    name: 'breaks rules',
    category: 'jailbreak-persona',
    points: 0.5,
    phrases: [
      'break/breaks/breaking/broke/broken/loves_breaking/hates ..2 rules/limits/guidelines/free/them_all',
      'goodbot/badbot/evil_bot/good_bot/bad_bot',
      'against ..1 the_rules/policy/policies/guidelines',
    ],
  },
  {
    name: 'about a model',
    category: 'role-hijack',
    points: 0.5,
    phrases: [
      'ai/llm/chatbot/language_model/chatgpt/gpt/android/robot/machine/bot/openai/assistant/artificial_intelligence',
    ],
  },
  {
    name: 'addressed',
    category: 'role-hijack',
    points: 2,
    phrases: ['you/u/ur/your/youre/yourself/youll/ya'],
  },
]

/** Signs that a text speaks of attacks and does not attack; each takes points away. */
export const doubts: readonly { readonly points: number; readonly phrases: readonly string[] }[] = [
  {
    points: 6.5,
    phrases: [
      'researchers/researcher/attackers/attacker/adversary/adversaries/adversarial/vulnerability/vulnerabilities/mitigation/mitigations/mitigate/threat_model/red_teaming/classifier/detector/detection/false_positives/precision/countermeasures/defences/defenses/attack/attacks',
    ],
  },
  {
    points: 8,
    phrases: [
      'prompt_injection/prompt_injections/jailbreaks/jailbreaking/injection/injections/prompt_leaking/tool_poisoning',
    ],
  },
  {
    points: 1,
    phrases: [
      'article/paper/talk/study/dataset/chapter/report/policy_applies/in_this_section/authors/presentation/published/news/reporter/judge/newspaper/explains/described/discuss/demonstrated/documentation/example',
      'what_is/what_does/how_do/how_does/how_can/why_do/is_it/could_you_explain/difference_between',
    ],
  },
  {
    points: 5,
    phrases: [
      'never_reveal/do_not_reveal/dont_reveal/not_disclose/never_disclose/politely_decline/decline_politely/do_not_give/refuse_to_help/point_to_help/ask_for_confirmation/ignore_any_instructions/not_follow_instructions/treat_the_content/answer_only/only_answer/if_you_dont_know/dont_follow_them',
    ],
  },
  {
    points: 5,
    phrases: [
      'tell/tells/telling/told/ask/asks/asking/make/makes/trick/tricks/convince/instruct/instructs/get/tries/let ..2 model/models/assistant/assistants/chatbot/chatbots/llm/llms/agent/agents ..2 to/ignore/answer/say/reveal/forget',
      'model/assistant/chatbot/llm/agent ..2 was/were/is ..2 asked/told/trained/tricked/persuaded/instructed',
    ],
  },
]
